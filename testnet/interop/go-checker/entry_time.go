package main

import "sort"

// When an ownership entry is complete, and by whose parameters (docs/spec/fold.md, rules 5 to 8 and 22).

const windowMs = 600_000

// time returns when the entry is complete; a commit's hold is looked at where its request is known.
func (k *known) time() (int64, bool) { return k.timeAs(k.kind, 0) }

// timeAs returns the smallest t at which a quorum has a leaf of it, enough of them challenged for an
// entry of a kind. Leaves from before `from` are skipped.
func (k *known) timeAs(kind string, from int64) (int64, bool) {
	firsts := k.countingLeaves(from)
	sort.Slice(firsts, func(i, j int) bool { return firsts[i].at < firsts[j].at })
	for _, last := range firsts {
		if isComplete(firsts, last.at, kind) {
			return last.at, true
		}
	}
	return 0, false
}

// countingLeaves returns of each log the first leaf that counts, with `at` from `from` on.
func (k *known) countingLeaves(from int64) []mention {
	var firsts []mention
	for _, of := range k.mentions {
		for _, m := range of {
			if m.judge != nil && m.at >= from {
				firsts = append(firsts, m)
				break
			}
		}
	}
	return firsts
}

// isComplete tells whether the leaves of the window that ends at t are enough for each of the charters
// that judge them.
func isComplete(firsts []mention, t int64, kind string) bool {
	members, inRole, quorum, challenged := int64(0), int64(0), int64(0), int64(0)
	for _, m := range firsts {
		if m.at < t-windowMs || m.at > t {
			continue
		}
		members++
		if m.role == "challenged" {
			inRole++
		}
		quorum = largest(quorum, m.judge.quorum())
		challenged = largest(challenged, m.judge.challengedFor(kind))
	}
	return members > 0 && members >= quorum && inRole >= challenged
}

// hold returns a hold of the charters that judge counting leaves of the entry, the longest.
func (k *known) hold(name string) int64 {
	longest := int64(0)
	for _, m := range k.countingLeaves(0) {
		longest = largest(longest, m.judge.holds[name])
	}
	return longest
}

func largest(a, b int64) int64 {
	if a > b {
		return a
	}
	return b
}
