package main

import (
	"crypto/sha256"
)

// Entries and leaves (docs/spec/entries.md).

const (
	entryBytesMax = 1024
	leafBytesMax  = 2048
)

// A code is the reason for a refusal, as docs/errors.md has it; "" is none.
type code string

type id [32]byte

type entry struct {
	id                  id
	kind, class         string
	label               id
	labelEpoch          int64
	epoch, seq          int64
	prev, request       *id
	authority           []byte
	commitment          []byte
	recovery            []byte
	lock                bool
	email               []byte
	recoverySig, newSig []byte
	sig                 []byte
	fields              fields
}

type leaf struct {
	at      int64
	charter id
	role    string
	entry   []byte
}

// allKinds has the fields that every entry has.
var allKinds = []string{"v", "kind", "labelEpoch", "label", "epoch", "seq", "prev", "authority",
	"commitment", "recovery", "lock", "email", "sig"}

// kinds has what an entry of each kind has besides, and how its fields are bound.
var kinds = map[string]struct {
	more               []string
	seqMin, seqMax     int64
	hasPrev, isBlank   bool
	mayHaveRecoverySig bool
}{
	"register": {nil, 0, 0, false, false, false},
	"rotate":   {[]string{"newSig"}, 0, 0, true, false, false},
	"release":  {nil, 0, integerMax, true, true, false},
	"request":  {[]string{"class"}, 0, integerMax, false, true, true},
	"veto":     {[]string{"request"}, 0, integerMax, false, true, false},
	"commit":   {[]string{"request"}, 0, 0, false, false, false},
	"update":   {nil, 1, integerMax, true, false, false},
}

// parseEntry reads an entry and checks all that it shows by itself, signatures apart.
func parseEntry(data []byte) (*entry, code) {
	if len(data) > entryBytesMax {
		return nil, "entry_too_large"
	}
	value, ok := parseCBOR(data)
	if !ok {
		return nil, "cbor_malformed"
	}
	f, ok := value.(fields)
	if !ok || !hasFieldsOfKind(f) {
		return nil, "entry_malformed"
	}
	r := fieldReader{f, true}
	e := &entry{id: sha256.Sum256(data), fields: f}
	r.require(r.integer("v") == 1)
	e.kind, e.labelEpoch, e.epoch, e.seq = f["kind"].(string), r.natural("labelEpoch"), r.natural("epoch"), r.natural("seq")
	e.label = *r.id("label")
	e.prev, e.authority = r.idOrNull("prev"), r.bytes("authority", 32)
	e.commitment, e.recovery = r.bytesOrNull("commitment"), r.bytesOrNull("recovery")
	e.email, e.lock, e.sig = r.bytesOrNull("email"), r.boolean("lock"), r.bytes("sig", 64)
	if _, has := f["request"]; has {
		e.request = r.id("request")
	}
	if _, has := f["class"]; has {
		e.class = r.text("class", "recovery", "email", "possession")
	}
	if _, has := f["recoverySig"]; has {
		e.recoverySig = r.bytes("recoverySig", 96)
	}
	if _, has := f["newSig"]; has {
		e.newSig = r.bytes("newSig", 64)
	}
	if !r.ok || !isBoundByKind(e) {
		return nil, "entry_malformed"
	}
	return e, ""
}

func hasFieldsOfKind(f fields) bool {
	kindText, _ := f["kind"].(string)
	kind, ok := kinds[kindText]
	if !ok {
		return false
	}
	count := len(allKinds) + len(kind.more)
	if _, has := f["recoverySig"]; has && kind.mayHaveRecoverySig {
		count++
	}
	for _, name := range append(append([]string{}, allKinds...), kind.more...) {
		if _, has := f[name]; !has {
			return false
		}
	}
	return len(f) == count
}

// isBoundByKind checks rules 3 to 5.
func isBoundByKind(e *entry) bool {
	kind := kinds[e.kind]
	hasPrev := kind.hasPrev || (e.kind == "register" && e.epoch > 0)
	switch {
	case e.seq < kind.seqMin || e.seq > kind.seqMax, (e.prev != nil) != hasPrev:
		return false
	case kind.isBlank && (e.commitment != nil || e.recovery != nil || e.lock || e.email != nil):
		return false
	case e.kind == "commit" && e.epoch < 1, e.class == "recovery" && e.recoverySig == nil:
		return false
	}
	return true
}

// verifyEntry reads an entry and verifies it as far as it goes alone.
func verifyEntry(data []byte) (*entry, code) {
	e, bad := parseEntry(data)
	if bad == "" {
		bad = e.verify()
	}
	return e, bad
}

// verify checks all signatures that an entry shows by itself: all but the one of a rotate's former
// authority.
func (e *entry) verify() code {
	r := e.recoverySig
	isBad := r != nil && !verifySignature(r[:32], e.signed("recovery", "recoverySig"), r[32:]) ||
		e.newSig != nil && !verifySignature(e.authority, e.signed("new authority", "newSig"), e.newSig) ||
		e.kind != "rotate" && !e.isSignedBy(e.authority)
	return codeIf(isBad, "entry_signature_invalid")
}

// isSignedBy tells whether `sig` is by an authority key.
func (e *entry) isSignedBy(authority []byte) bool {
	return verifySignature(authority, e.signed("entry", "sig"), e.sig)
}

// signed returns a domain line and the entry without `sig` and another field.
func (e *entry) signed(domain, without string) []byte {
	rest := fields{}
	for name, value := range e.fields {
		if name != "sig" && name != without {
			rest[name] = value
		}
	}
	return append([]byte("callbook/1 "+domain+"\n"), encodeCBOR(rest)...)
}

// parseLeaf reads a leaf; its entry stays unread.
func parseLeaf(data []byte) (*leaf, code) {
	if len(data) > leafBytesMax {
		return nil, "leaf_too_large"
	}
	value, ok := parseCBOR(data)
	if !ok {
		return nil, "cbor_malformed"
	}
	f, ok := value.(fields)
	if !ok {
		return nil, "leaf_malformed"
	}
	r := fieldReader{f, true}
	l := &leaf{at: r.natural("at"), charter: *r.id("charter")}
	l.role = r.text("role", "received", "challenged", "witnessed", "charter")
	r.require(r.integer("v") == 1)
	count := 4
	if l.role != "charter" {
		count++
		entry, isBytes := f["entry"].([]byte)
		r.require(isBytes)
		l.entry = entry
	}
	if !r.ok || len(f) != count {
		return nil, "leaf_malformed"
	}
	return l, ""
}

// A fieldReader reads fields of a map and remembers whether one was unfit.
type fieldReader struct {
	fields fields
	ok     bool
}

func (r *fieldReader) require(ok bool) { r.ok = r.ok && ok }

func (r *fieldReader) integer(name string) int64 {
	n, ok := r.fields[name].(int64)
	r.require(ok)
	return n
}

func (r *fieldReader) natural(name string) int64 {
	n := r.integer(name)
	r.require(n >= 0)
	return n
}

func (r *fieldReader) boolean(name string) bool {
	b, ok := r.fields[name].(bool)
	r.require(ok)
	return b
}

func (r *fieldReader) text(name string, allowed ...string) string {
	text, _ := r.fields[name].(string)
	found := false
	for _, one := range allowed {
		found = found || one == text
	}
	r.require(found)
	return text
}

func (r *fieldReader) bytes(name string, size int) []byte {
	b, _ := r.fields[name].([]byte)
	r.require(len(b) == size)
	return b
}

func (r *fieldReader) bytesOrNull(name string) []byte {
	if value, has := r.fields[name]; has && value == nil {
		return nil
	}
	return r.bytes(name, 32)
}

func (r *fieldReader) id(name string) *id {
	var value id
	copy(value[:], r.bytes(name, 32))
	return &value
}

func (r *fieldReader) idOrNull(name string) *id {
	if value, has := r.fields[name]; has && value == nil {
		return nil
	}
	return r.id(name)
}
