package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// vectors holds this program against the vectors of the specification: each file that it has rules for
// must be accepted, or refused with the very code. Prints how many of each topic agree.

// A vector is a file of vectors/<topic>/{valid,invalid}; the fields of all topics.
type vector struct {
	Expect, Verify                            string
	Bytes, ID                                 string
	PreviousAuthority                         string
	IsByPrevious                              bool
	Note, Previous, LogKey, CosignerKey, Vkey string
	Vkeys, Verified                           []string
	TimestampSeconds                          uint64
	Bundle, PublicKey, Message, Signature     string
	Encoded, StateHash, Root, Label, Hash     string
	State, Leaves                             json.RawMessage
	Charters                                  []string
	Logs                                      map[string][]string
}

// check returns what is wrong, or a topic's word for "no rule for this here".
type vectorCheck func(v *vector) string

const notChecked = "not checked"

var vectorChecks = map[string]vectorCheck{
	"charter": checkCharterVector, "entries": checkEntryVector, "fold": checkFoldVector, "index": checkIndexVector,
	"leaves": checkLeafVector, "notes": checkNoteVector, "signatures": checkSignatureVector, "tiles": checkTileVector,
}

func vectors(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: go-checker vectors DIR")
	}
	agreed := map[string]int{}
	var wrong []string
	for topic, check := range vectorChecks {
		files, err := filepath.Glob(filepath.Join(args[0], topic, "*valid", "*.json"))
		if err != nil || len(files) == 0 {
			return fmt.Errorf("no vectors of %s", topic)
		}
		for _, file := range files {
			v, err := readVector(file)
			if err != nil {
				return err
			}
			switch finding := check(v); finding {
			case "":
				agreed[topic]++
			case notChecked:
			default:
				wrong = append(wrong, strings.TrimPrefix(file, args[0])+": "+finding)
			}
		}
	}
	passed, err := countPassing(filepath.Join(args[0], "cctv-ed25519", "ed25519vectors.json"))
	if err != nil {
		return err
	}
	agreed["cctv-ed25519"] = passed
	summary, _ := json.Marshal(agreed)
	fmt.Println(string(summary))
	if len(wrong) > 0 {
		return fmt.Errorf("%d vectors differ:\n%s", len(wrong), strings.Join(wrong, "\n"))
	}
	return nil
}

func readVector(file string) (*vector, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	v := &vector{}
	// A lone surrogate is no UTF-8, so no note that could be read from a file has one.
	if err := json.Unmarshal(data, v); err != nil || bytes.Contains(data, []byte(`\ud800`)) {
		v.Verify = notChecked
		return v, err
	}
	return v, nil
}

// verdict compares a code with what the vector expects.
func (v *vector) verdict(found code) string {
	if found == "" {
		found = "accept"
	}
	if string(found) != v.Expect {
		return fmt.Sprintf("%s, not %s", found, v.Expect)
	}
	return ""
}

func checkEntryVector(v *vector) string {
	e, bad := verifyEntry(unhex(v.Bytes))
	if bad != "" || v.Expect != "accept" {
		return v.verdict(bad)
	}
	if hex.EncodeToString(e.id[:]) != v.ID {
		return "another id"
	}
	if v.PreviousAuthority != "" && e.isSignedBy(unhex(v.PreviousAuthority)) != v.IsByPrevious {
		return "the former authority is judged otherwise"
	}
	return ""
}

func checkLeafVector(v *vector) string {
	_, bad := parseLeaf(unhex(v.Bytes))
	return v.verdict(bad)
}

func checkSignatureVector(v *vector) string {
	isGood := verifySignature(unhex(v.PublicKey), unhex(v.Message), unhex(v.Signature))
	if isGood != (v.Expect == "accept") {
		return "judged otherwise"
	}
	return ""
}

func checkCharterVector(v *vector) string {
	c, bad := parseCharter(v.Note)
	if bad == "" {
		bad = c.inconsistent()
	}
	if bad == "" && v.Previous == "" {
		bad = c.verifyFounding()
	} else if bad == "" {
		before, wrong := parseCharter(v.Previous)
		if wrong != "" {
			return "the charter before is " + string(wrong)
		}
		bad = c.verifyNext(before)
	}
	if bad == "" && v.Hash != "" && hex.EncodeToString(c.hash[:]) != v.Hash {
		return "another hash"
	}
	return v.verdict(bad)
}

func checkNoteVector(v *vector) string {
	switch v.Verify {
	case "verifier-key":
		_, ok := parseVerifierKey(v.Vkey)
		return v.verdict(codeIf(!ok, "verifier_key_malformed"))
	case "note":
		return checkPlainNote(v)
	case "checkpoint":
		key, _ := parseVerifierKey(v.LogKey)
		_, bad := verifyCheckpoint(v.Note, key, nil)
		return v.verdict(bad)
	case "cosignature":
		return checkCosignature(v)
	}
	return notChecked
}

func checkPlainNote(v *vector) string {
	var keys []*verifierKey
	for _, text := range v.Vkeys {
		key, _ := parseVerifierKey(text)
		keys = append(keys, key)
	}
	n, bad := parseNote(v.Note)
	signed := map[*verifierKey]uint64{}
	if bad == "" {
		signed, bad = n.verify(keys)
	}
	if bad == "" {
		bad = codeIf(len(signed) == 0, "note_signature_missing")
	}
	if bad == "" && len(signed) != len(v.Verified) {
		return "others have signed"
	}
	return v.verdict(bad)
}

func checkCosignature(v *vector) string {
	key, _ := parseVerifierKey(v.CosignerKey)
	n, bad := parseNote(v.Note)
	signed := map[*verifierKey]uint64{}
	if bad == "" {
		signed, bad = n.verify([]*verifierKey{key})
	}
	seconds, has := signed[key]
	if bad == "" {
		bad = codeIf(!has, "note_signature_missing")
	}
	if bad == "" && v.Expect == "accept" && seconds != v.TimestampSeconds {
		return "another time"
	}
	return v.verdict(bad)
}

func checkTileVector(v *vector) string {
	if v.Bundle == "" {
		return notChecked
	}
	_, ok := splitBundle(unhex(v.Bundle))
	return v.verdict(codeIf(!ok, "bundle_malformed"))
}

func checkIndexVector(v *vector) string {
	switch v.Verify {
	case "binding state":
		return checkStateVector(v)
	case "index tree":
		return checkTreeVector(v)
	case "index root":
		key, _ := parseVerifierKey(v.LogKey)
		_, bad := verifyIndexRoot(v.Note, key)
		return v.verdict(bad)
	}
	return notChecked
}

func checkTreeVector(v *vector) string {
	var leaves []struct{ Label, StateHash string }
	if json.Unmarshal(v.Leaves, &leaves) != nil {
		return "unreadable"
	}
	var tree []indexLeaf
	for _, l := range leaves {
		tree = append(tree, indexLeaf{idOf(l.Label), idOf(l.StateHash)})
	}
	if root := indexRoot(tree); hex.EncodeToString(root[:]) != v.Root {
		return "another root"
	}
	return ""
}

func checkStateVector(v *vector) string {
	var s struct {
		Epoch, OwnershipAtMs, Seq               int64
		Status, OwnershipID, EntryID, Authority string
		Recovery, Email, Commitment             *string
		Lock                                    bool
		EndsAtMs                                *int64
	}
	if json.Unmarshal(v.State, &s) != nil {
		return "unreadable"
	}
	state := &bindingState{
		epoch: s.Epoch, ownershipAt: s.OwnershipAtMs, seq: s.Seq, status: s.Status, ownershipID: idOf(s.OwnershipID),
		entryID: idOf(s.EntryID), endsAt: s.EndsAtMs, authority: unhex(s.Authority), recovery: unhexOrNull(s.Recovery),
		email: unhexOrNull(s.Email), commitment: unhexOrNull(s.Commitment), lock: s.Lock,
	}
	hash := state.hash()
	if hex.EncodeToString(state.encode()) != v.Encoded || hex.EncodeToString(hash[:]) != v.StateHash {
		return "encoded otherwise"
	}
	return ""
}

func checkFoldVector(v *vector) string {
	state, err := newVectorFold().fold(v)
	if err != nil {
		return err.Error()
	}
	var want, found any
	text, _ := json.Marshal(brief(state))
	if json.Unmarshal(v.State, &want) != nil || json.Unmarshal(text, &found) != nil {
		return "unreadable"
	}
	if fmt.Sprint(want) != fmt.Sprint(found) {
		return fmt.Sprintf("state %v, not %v", found, want)
	}
	return ""
}

// brief is what fold vectors say of a state.
func brief(s *bindingState) any {
	if s == nil {
		return nil
	}
	return map[string]any{
		"epoch": s.epoch, "status": s.status, "ownershipId": hex.EncodeToString(s.ownershipID[:]),
		"entryId": hex.EncodeToString(s.entryID[:]),
	}
}

// countPassing counts the signatures of vectors/cctv-ed25519 that verify.
func countPassing(file string) (int, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	var cases []struct{ Key, Sig, Msg string }
	if err := json.Unmarshal(data, &cases); err != nil {
		return 0, err
	}
	passed := 0
	for _, c := range cases {
		if verifySignature(unhex(c.Key), []byte(c.Msg), unhex(c.Sig)) {
			passed++
		}
	}
	return passed, nil
}

func codeIf(condition bool, bad code) code {
	if condition {
		return bad
	}
	return ""
}

func unhex(text string) []byte {
	data, err := hex.DecodeString(text)
	if err != nil {
		panic("not hexadecimal")
	}
	return data
}

func unhexOrNull(text *string) []byte {
	if text == nil {
		return nil
	}
	return unhex(*text)
}

func idOf(text string) id {
	var value id
	copy(value[:], unhex(text))
	return value
}
