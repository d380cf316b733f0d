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
			if c.isLocked(t, k.hold("unlockMs")) {
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
	switch k.class {
	case "recovery":
		return k.isByRecovery(c.inForce(at))
	case "email":
		return c.emailAt(at, k.hold("emailChangeMs")) != nil
	}
	return true
}

// emailAt returns the commitment in force: what a rotate says of it counts from `changeMs` later on.
func (c *chain) emailAt(at, changeMs int64) []byte {
	email := c.links[0].email
	for _, l := range c.links[1:] {
		if l.at+changeMs <= at {
			email = l.email
		}
	}
	return email
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
	past, theftMs := []link{}, k.hold("theftMs")
	for _, l := range c.links {
		if l.at <= at {
			past = append(past, l)
		}
	}
	if c.release != nil && c.release.at <= at {
		past = append(past, *c.release)
	}
	n, later := len(past), at
	for n > 1 && later-past[n-1].at < theftMs {
		n--
		later = past[n].at
	}
	return n < len(past) && k.isByRecovery(past[n-1])
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
		if _, isAnswer := veto.timeAs("commit", 0); isAnswer {
			return false
		}
	}
	return isVetoed
}

// vetoes returns those that count (rule 19).
func (h *history) vetoes(c *chain, request countingRequest) []link {
	var found []link
	for _, k := range h.entries {
		if k.kind != "veto" || *k.request != request.id || k.epoch != c.epoch {
			continue
		}
		t, isComplete := k.time()
		if !isComplete {
			continue
		}
		if bytes.Equal(k.authority, c.inForce(t).authority) {
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
			t, isComplete := k.timeAs(k.kind, request.at+request.hold)
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
			t, defeats = veto.timeAs("commit", 0)
		}
		if defeats && t < commitAt {
			return true
		}
	}
	return false
}
