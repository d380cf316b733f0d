package main

import (
	"bytes"
	"crypto/sha256"
)

// Requests, vetoes and commits (docs/spec/fold.md, rules 14 to 22).

const (
	answersMin   = 3
	recycledSpan = 21 * dayMs
)

// A countingRequest is one that the binding allowed at its time.
type countingRequest struct {
	link
	hold     int64
	isSturdy bool
}

// countingRequests returns those of a chain's epoch.
func (h *history) countingRequests(c *chain) []countingRequest {
	var found []countingRequest
	for _, k := range h.entries {
		if k.kind != "request" || k.epoch != c.epoch {
			continue
		}
		t, isComplete := k.time()
		if !isComplete || t < c.links[0].at || (c.release != nil && t >= c.endsAt) {
			continue
		}
		request := countingRequest{link: link{k, t}}
		switch {
		case c.isByRecoveryBeforeTheft(k, t):
			request.hold, request.isSturdy = k.hold("recoveryMs"), true
		case c.allows(k, t):
			request.hold = k.hold(k.class + "Ms")
			if c.isLocked(t) {
				request.hold = largest(request.hold, k.hold("lockedMs"))
			}
		default:
			continue
		}
		found = append(found, request)
	}
	for i := range found {
		found[i].isSturdy = found[i].isSturdy || h.isRecycled(c, found[i], found)
	}
	return found
}

// allows is rule 15.
func (c *chain) allows(k *known, at int64) bool {
	holder, place := c.inForce(at)
	switch k.class {
	case "recovery":
		return k.isByRecovery(holder)
	case "email":
		if holder.email == nil {
			return false
		}
		for place > 0 && bytes.Equal(c.links[place-1].email, holder.email) {
			place--
		}
		changed := c.links[place]
		return place == 0 || at >= changed.at+changed.hold("emailChangeMs")
	}
	return true
}

// isByRecovery tells whether a request is signed by the recovery key of an ownership entry.
func (k *known) isByRecovery(of link) bool {
	if k.recoverySig == nil || of.recovery == nil {
		return false
	}
	hash := sha256.Sum256(k.recoverySig[:32])
	return bytes.Equal(hash[:], of.recovery)
}

// isByRecoveryBeforeTheft is rule 17.
func (c *chain) isByRecoveryBeforeTheft(k *known, at int64) bool {
	_, last := c.inForce(at)
	changes := append([]link{}, c.links[1:last+1]...)
	if c.release != nil && c.release.at <= at {
		changes = append(changes, *c.release)
	}
	n := len(changes) - 1
	if n < 0 || at >= changes[n].at+changes[n].hold("theftMs") {
		return false
	}
	for n > 0 && changes[n].at-changes[n-1].at < changes[n].hold("theftMs") {
		n--
	}
	return k.isByRecovery(c.links[n])
}

// isRecycled is rule 18.
func (h *history) isRecycled(c *chain, of countingRequest, all []countingRequest) bool {
	count, first, last := 0, int64(0), int64(0)
	for _, earlier := range all {
		if !bytes.Equal(earlier.authority, of.authority) || earlier.at >= of.at || !h.isUnanswered(c, earlier) {
			continue
		}
		if count == 0 || earlier.at < first {
			first = earlier.at
		}
		if count == 0 || earlier.at > last {
			last = earlier.at
		}
		count++
	}
	return count >= answersMin && last-first >= recycledSpan
}

// isUnanswered tells whether vetoes defeated a request, and none had f + 1 challenged leaves.
func (h *history) isUnanswered(c *chain, request countingRequest) bool {
	isVetoed := false
	for _, veto := range h.vetoes(c, request) {
		isVetoed = true
		if _, isAnswer := veto.timeNeeding(0, veto.faults()+1); isAnswer {
			return false
		}
	}
	return isVetoed
}

// vetoes returns those that count (rule 19).
func (h *history) vetoes(c *chain, request countingRequest) []link {
	var found []link
	for _, k := range h.entries {
		if k.kind != "veto" || *k.request != request.id {
			continue
		}
		t, isComplete := k.time()
		if !isComplete {
			continue
		}
		if holder, _ := c.inForce(t); bytes.Equal(k.authority, holder.authority) {
			found = append(found, link{k, t})
		}
	}
	return found
}

// commits returns the commits that open the epoch after a chain's (rules 20 and 21).
func (h *history) commits(c *chain) []link {
	var found []link
	for _, request := range h.countingRequests(c) {
		for _, k := range h.entries {
			if k.kind != "commit" || *k.request != request.id || k.epoch != c.epoch+1 ||
				!bytes.Equal(k.authority, request.authority) {
				continue
			}
			t, isComplete := k.timeNeeding(request.at+request.hold, 0)
			if isComplete && !h.isDefeated(c, request, t) {
				found = append(found, link{k, t})
			}
		}
	}
	return found
}

// isDefeated is rule 21.
func (h *history) isDefeated(c *chain, request countingRequest, commitAt int64) bool {
	for _, veto := range h.vetoes(c, request) {
		t, defeats := veto.at, true
		if request.isSturdy {
			t, defeats = veto.timeNeeding(0, veto.faults()+1)
		}
		if defeats && t < commitAt {
			return true
		}
	}
	return false
}
