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

// A violation is what no honest log has.
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
	// Entries by the bytes that were verified, so that a second leaf costs no signature.
	verified map[id]*verifiedEntry
}

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

// judgeOf returns the charter by which a leaf is judged; false where it counts for nothing by rule 41.
func (r *replay) judgeOf(origin string, index, at int64, named *charter) (*charter, bool) {
	if named.version > 1 && at < named.effectiveAt {
		return nil, false
	}
	judge := named
	for _, later := range r.charters {
		if later.version > named.version && index >= later.recorded[origin].size && at >= later.effectiveAt {
			judge = later
		}
	}
	return judge, true
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

// addLog takes in a whole log. Where a leaf names a charter that is not known, it ends there (rule 40).
// Returns how many leaves were taken in.
func (r *replay) addLog(origin string, leaves [][]byte) int64 {
	newest := int64(0)
	for i, data := range leaves {
		index := int64(i)
		l, bad := parseLeaf(data)
		if bad != "" {
			r.violate(origin, index, bad)
			continue
		}
		named := r.byHash[l.charter]
		if named == nil {
			r.violate(origin, index, "charter_unknown")
			return index
		}
		if index == 0 && l.role != "charter" {
			r.violate(origin, index, "charter_leaf_missing")
		}
		if l.at < newest {
			r.violate(origin, index, "time_back")
			continue
		}
		newest = l.at
		r.addLeaf(origin, index, l, named)
	}
	return int64(len(leaves))
}

func (r *replay) addLeaf(origin string, index int64, l *leaf, named *charter) {
	judge, isInTime := r.judgeOf(origin, index, l.at, named)
	if !isInTime {
		r.violate(origin, index, "charter_not_effective")
	}
	if l.role == "charter" {
		return
	}
	e, bad := r.verify(l.entry)
	if bad != "" {
		r.violate(origin, index, bad)
		return
	}
	if !fits(l.role, e.kind) {
		r.violate(origin, index, "role_unfit")
		return
	}
	if isInTime && !r.isCutOff(origin, index) && judge.isActive(origin) {
		r.mention(e, origin, mention{l.at, l.role, judge})
	} else if e.kind != "update" {
		// It takes one of the places of its log all the same (rule 5).
		r.mention(e, origin, mention{l.at, l.role, nil})
	}
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
		e, bad := verifyEntry(data)
		v = &verifiedEntry{e, bad}
		r.verified[key] = v
	}
	return v.entry, v.bad
}
