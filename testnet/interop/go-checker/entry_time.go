package main

import "sort"

// When an ownership entry is complete (docs/spec/fold.md, rules 6 to 8).

const windowMs = 600_000

// timeNeeding returns the smallest t at which a quorum has a leaf of it, of those from `from` on, with
// at least `challenged` leaves in that role, or those that each judging charter wants for the kind.
func (k *known) timeNeeding(from, challenged int64) (int64, bool) {
	var firsts []mention
	for _, of := range k.mentions {
		for _, m := range of {
			if m.at >= from {
				firsts = append(firsts, m)
				break
			}
		}
	}
	sort.Slice(firsts, func(i, j int) bool { return firsts[i].at < firsts[j].at })
	for i, last := range firsts {
		t := last.at
		// Leaves of the same millisecond count together.
		if i+1 < len(firsts) && firsts[i+1].at == t {
			continue
		}
		if k.isCompleteBy(firsts, t, challenged) {
			return t, true
		}
	}
	return 0, false
}

func (k *known) isCompleteBy(firsts []mention, t, challenged int64) bool {
	members, inRole := int64(0), int64(0)
	quorum := int64(0)
	for _, m := range firsts {
		if m.at < t-windowMs || m.at > t {
			continue
		}
		members++
		if m.role == "challenged" {
			inRole++
		}
		quorum = largest(quorum, m.judge.quorum())
		challenged = largest(challenged, m.judge.challengedFor(k.kind))
	}
	return members > 0 && members >= quorum && inRole >= challenged
}

// time returns when the entry is complete; a commit's hold is looked at where its request is known.
func (k *known) time() (int64, bool) { return k.timeNeeding(0, 0) }

// hold returns a hold of the charters that judge counted leaves of the entry, the longest.
func (k *known) hold(name string) int64 {
	longest := int64(0)
	for _, of := range k.mentions {
		longest = largest(longest, of[0].judge.holds[name])
	}
	return longest
}

// faults returns the largest f of the charters that judge counted leaves of the entry.
func (k *known) faults() int64 {
	most := int64(0)
	for _, of := range k.mentions {
		most = largest(most, of[0].judge.faults)
	}
	return most
}

func largest(a, b int64) int64 {
	if a > b {
		return a
	}
	return b
}
