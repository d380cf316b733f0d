package main

import "sort"

// What members have logged that no honest member logs, as far as leaves alone prove it
// (docs/spec/evidence.md, rules 15 to 22), and what only a clock tells: leaves of a time to come.

const (
	slotApartMs = 30 * 60_000
	skewsMs     = 20 * 60_000
)

// A statement is a well-formed leaf about an entry that verifies, in a role that fits, and names a
// charter of the chain; whether it counts does not matter here.
type statement struct {
	*entry
	log     string
	index   int64
	at      int64
	role    string
	version int64
}

// byEntry are the first statements of each log, which is all that an honest member makes.
type byEntry map[id]map[string]statement

// findBroken lists leaves that prove a broken duty, each with the kind of evidence.
func findBroken(charters []*charter, statements []statement) []violation {
	firsts := byEntry{}
	inSlot, ofRequest := map[string][]statement{}, map[string][]statement{}
	for _, s := range statements {
		if firsts[s.id] == nil {
			firsts[s.id] = map[string]statement{}
		}
		if _, has := firsts[s.id][s.log]; !has {
			firsts[s.id][s.log] = s
		}
		if slot := s.slot(); slot != "" {
			inSlot[s.log+slot] = append(inSlot[s.log+slot], s)
		}
		if s.request != nil {
			key := s.log + string(s.request[:])
			ofRequest[key] = append(ofRequest[key], s)
		}
	}
	var found []violation
	add := func(s statement, kind code) { found = append(found, violation{s.log, s.index, kind}) }
	for _, rivals := range inSlot {
		forPairs(rivals, func(a, b statement) {
			if a.id != b.id && a.at-b.at < slotApartMs && b.at-a.at < slotApartMs {
				add(b, "same_slot")
			}
		})
	}
	for _, both := range ofRequest {
		forPairs(both, func(a, b statement) {
			if a.kind != b.kind {
				add(b, "commit_vetoed")
			}
		})
	}
	for _, s := range statements {
		if s.kind == "commit" && firsts.showEarly(charters[:s.version], s) {
			add(s, "commit_early")
		}
		if s.role == "witnessed" && firsts.showAlone(charters[:s.version], s) {
			add(s, "witness_alone")
		}
	}
	return found
}

func forPairs(all []statement, see func(a, b statement)) {
	sort.Slice(all, func(i, j int) bool { return all[i].index < all[j].index })
	for i, a := range all {
		for _, b := range all[i+1:] {
			see(a, b)
		}
	}
}

// slot is rule 13 of fold.md; "" for kinds that have none.
func (s statement) slot() string {
	switch s.kind {
	case "register", "commit":
		return " opens " + string(s.label[:]) + string(encodeCBOR(s.epoch))
	case "rotate", "release":
		return " follows " + string(s.label[:]) + string(s.prev[:])
	}
	return ""
}

// doubted is d of rule 19.
func doubted(charters []*charter) int64 {
	most := int64(0)
	for _, c := range charters {
		most = largest(most, c.faults)
	}
	return most + charters[len(charters)-1].count("expelled")
}

// shown returns the leaves of an entry that name none of the charters left out.
func (f byEntry) shown(of id, charters []*charter) []statement {
	var leaves []statement
	for _, s := range f[of] {
		if s.version <= int64(len(charters)) {
			leaves = append(leaves, s)
		}
	}
	return leaves
}

// showEarly is rules 20 and 21.
func (f byEntry) showEarly(charters []*charter, commit statement) bool {
	leaves := f.shown(*commit.request, charters)
	if len(leaves) == 0 || leaves[0].kind != "request" || !meetEveryQuorum(charters, leaves) {
		return false
	}
	earliest, hold := leaves[0].at, int64(holdMsMax)
	for _, s := range leaves {
		earliest = -largest(-earliest, -s.at)
	}
	for _, c := range charters {
		hold = -largest(-hold, -c.holds[leaves[0].class+"Ms"])
		if leaves[0].recoverySig != nil {
			hold = -largest(-hold, -c.holds["recoveryMs"])
		}
	}
	return commit.at < earliest+hold
}

// meetEveryQuorum is rule 19.
func meetEveryQuorum(charters []*charter, leaves []statement) bool {
	d := doubted(charters)
	for _, c := range charters {
		active := map[string]bool{}
		for _, other := range charters {
			for origin := range other.byOrigin {
				if other == c || other.quorum() <= c.quorum() {
					active[origin] = active[origin] || other.isActive(origin)
				}
			}
		}
		all, among := int64(0), int64(0)
		for _, is := range active {
			if is {
				all++
			}
		}
		for _, s := range leaves {
			if active[s.log] {
				among++
			}
		}
		if among < all-c.quorum()+d+1 {
			return false
		}
	}
	return true
}

// showAlone is rule 22.
func (f byEntry) showAlone(charters []*charter, witness statement) bool {
	named := charters[len(charters)-1]
	unclear := doubted(charters)
	for origin := range named.byOrigin {
		s, has := f[witness.id][origin]
		isShown := has && s.version <= named.version
		isClear := isShown && (s.role == "witnessed" || (s.role == "challenged" && s.at > witness.at+skewsMs))
		if named.isActive(origin) && origin != witness.log && !isClear {
			unclear++
		}
	}
	return unclear < named.challengedFor(witness.kind)
}

// findFuture finds leaves whose time lies after the newest cosignature on their log's checkpoint, by
// more than two clocks may be apart.
func findFuture(log string, c *signedCheckpoint, leaves [][]byte) []violation {
	newest := int64(-1)
	for _, seconds := range c.cosigned {
		newest = largest(newest, int64(seconds)*1000)
	}
	var found []violation
	for i, data := range leaves {
		if l, bad := parseLeaf(data); newest >= 0 && bad == "" && l.at > newest+skewsMs {
			found = append(found, violation{log, int64(i), "leaf_from_future"})
		}
	}
	return found
}
