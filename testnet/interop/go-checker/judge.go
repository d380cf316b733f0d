package main

// Which leaves count, and by which charter (docs/spec/fold.md, rules 1 to 5 and 40 to 45).

// leavesOfEntryMax is how many leaves of one entry are looked at in each log.
const leavesOfEntryMax = 4

// A mention is a leaf about an entry, in a role that fits it; one without a judge counts for nothing.
type mention struct {
	at    int64
	role  string
	judge *charter
}

// A known entry and its leaves, by origin, in the order of the log.
type known struct {
	*entry
	mentions map[string][]mention
}

// A history is all that the logs say of one label.
type history struct {
	entries map[id]*known
}

// A violation is a leaf that contributes nothing, whatever the charters say of its member.
type violation struct {
	log   string
	index int64
	code  code
}

// A replay folds logs under a chain of charters.
type replay struct {
	charters   []*charter
	byHash     map[id]*charter
	labels     map[id]*history
	violations []violation
	statements []statement
	// Entries by the bytes that were verified, so that a second leaf costs no signature.
	verified map[id]*verifiedEntry
}

// A verifiedEntry has no entry where the bytes are none, and a code where a signature is bad.
type verifiedEntry struct {
	entry *entry
	bad   code
}

func newReplay(charters []*charter) *replay {
	r := &replay{charters: charters, byHash: map[id]*charter{}, labels: map[id]*history{}, verified: map[id]*verifiedEntry{}}
	for _, c := range charters {
		r.byHash[c.hash] = c
	}
	return r
}

func (r *replay) violate(log string, index int64, bad code) {
	r.violations = append(r.violations, violation{log, index, bad})
}

// fits is rule 3.
func fits(role, kind string) bool {
	switch kind {
	case "register", "request", "commit":
		return role == "challenged" || role == "witnessed"
	case "rotate", "release":
		return role == "received" || role == "witnessed"
	case "veto":
		return role != "charter"
	}
	return role == "received"
}

// judgeOf returns the charter by which a leaf counts; nil where it counts for nothing.
func (r *replay) judgeOf(origin string, index, at int64, named *charter) *charter {
	if named == nil || (named.version > 1 && at < named.effectiveAt) || r.isCutOff(origin, index) {
		return nil
	}
	judge := named
	for _, later := range r.charters {
		if later.version > named.version && index >= later.recorded[origin].size && at >= later.effectiveAt {
			judge = later
		}
	}
	if !judge.isActive(origin) {
		return nil
	}
	return judge
}

// isCutOff is rule 44: at or above the cut-off of any charter.
func (r *replay) isCutOff(origin string, index int64) bool {
	for _, c := range r.charters {
		if m := c.byOrigin[origin]; m != nil && m.cutoff != nil && index >= m.cutoff.size {
			return true
		}
	}
	return false
}

// addLog takes in a whole log. A leaf that contributes nothing is listed with the first reason that fits.
func (r *replay) addLog(origin string, leaves [][]byte) {
	newest := int64(0)
	for i, data := range leaves {
		index := int64(i)
		l, bad := parseLeaf(data)
		switch {
		case bad != "":
			r.violate(origin, index, "leaf_malformed")
		case l.at < newest:
			r.violate(origin, index, "leaf_time_back")
		default:
			newest = l.at
			if bad := r.addLeaf(origin, index, l); bad != "" {
				r.violate(origin, index, bad)
			}
		}
	}
}

func (r *replay) addLeaf(origin string, index int64, l *leaf) code {
	named := r.byHash[l.charter]
	unknown := codeIf(named == nil, "charter_unknown")
	if l.role == "charter" {
		return unknown
	}
	e, bad := r.verify(l.entry)
	if e == nil {
		return firstOf(unknown, "entry_malformed")
	}
	if !fits(l.role, e.kind) {
		return firstOf(unknown, "role_unfit")
	}
	if bad != "" {
		return firstOf(unknown, bad)
	}
	if named != nil {
		r.statements = append(r.statements, statement{e, origin, index, l.at, l.role, named.version})
	}
	judge := r.judgeOf(origin, index, l.at, named)
	if judge != nil || e.kind != "update" {
		// One that counts for nothing takes one of the places of its log all the same (rule 5).
		r.mention(e, origin, mention{l.at, l.role, judge})
	}
	return unknown
}

func firstOf(codes ...code) code {
	for _, one := range codes {
		if one != "" {
			return one
		}
	}
	return ""
}

// isActive tells whether the log is that of an active member.
func (c *charter) isActive(origin string) bool {
	m := c.byOrigin[origin]
	return m != nil && m.state == "active"
}

func (r *replay) mention(e *entry, origin string, m mention) {
	of := r.labels[e.label]
	if of == nil {
		of = &history{map[id]*known{}}
		r.labels[e.label] = of
	}
	k := of.entries[e.id]
	if k == nil {
		k = &known{e, map[string][]mention{}}
		of.entries[e.id] = k
	}
	if len(k.mentions[origin]) < leavesOfEntryMax {
		k.mentions[origin] = append(k.mentions[origin], m)
	}
}

func (r *replay) verify(data []byte) (*entry, code) {
	key := sha256Of(data)
	v := r.verified[key]
	if v == nil {
		e, bad := parseEntry(data)
		if e != nil {
			bad = e.verify()
		}
		v = &verifiedEntry{e, bad}
		r.verified[key] = v
	}
	return v.entry, v.bad
}
