package main

import "bytes"

// The holder's time with a label: the entry that opened the epoch, the rotates after it, perhaps a
// release (docs/spec/fold.md, rules 9 to 13).

type link struct {
	*known
	at int64
}

type chain struct {
	epoch int64
	// links[0] opened the epoch.
	links   []link
	release *link
	endsAt  int64
}

// better is rule 13: the later wins, then the smaller id.
func better(a link, b *link) bool {
	return b == nil || a.at > b.at || (a.at == b.at && bytes.Compare(a.id[:], b.id[:]) < 0)
}

func (h *history) chainFrom(opening link) *chain {
	c := &chain{epoch: opening.epoch, links: []link{opening}}
	for {
		next := h.successor(c.holder())
		if next == nil {
			return c
		}
		if next.kind == "release" {
			c.release = next
			c.endsAt = next.at + next.hold("releaseMs")
			if c.isLocked(next.at, next.hold("unlockMs")) {
				c.endsAt = next.at + next.hold("lockedMs")
			}
			return c
		}
		c.links = append(c.links, *next)
	}
}

// holder returns the last entry that is no release.
func (c *chain) holder() link { return c.links[len(c.links)-1] }

// successor is rule 10: the complete rotate or release that follows an ownership entry.
func (h *history) successor(of link) *link {
	var winner *link
	for _, k := range h.entries {
		if (k.kind != "rotate" && k.kind != "release") || *k.prev != of.id || k.epoch != of.epoch {
			continue
		}
		t, isComplete := k.time()
		if !isComplete || !k.isByHolder(of) {
			continue
		}
		if candidate := (link{k, t}); better(candidate, winner) {
			winner = &candidate
		}
	}
	return winner
}

// isByHolder tells whether the replaced or releasing authority has signed.
func (k *known) isByHolder(of link) bool {
	if k.kind == "release" {
		return bytes.Equal(k.authority, of.authority)
	}
	return k.isSignedBy(of.authority)
}

// isLocked is rule 12: locking acts at once, an unlocking rotate `unlockMs` after its time.
func (c *chain) isLocked(at, unlockMs int64) bool {
	for i, l := range c.links {
		if !l.lock || l.at > at {
			continue
		}
		next := i + 1
		for next < len(c.links) && c.links[next].lock {
			next++
		}
		if next == len(c.links) || at < c.links[next].at+unlockMs {
			return true
		}
	}
	return false
}

// inForce returns the ownership entry whose terms hold at a time: those of the last link whose time
// is not after it, wherever those between stand. A release leaves what it follows in force.
func (c *chain) inForce(at int64) link {
	if c.release != nil && c.release.at <= at {
		return c.holder()
	}
	for i := len(c.links) - 1; i > 0; i-- {
		if c.links[i].at <= at {
			return c.links[i]
		}
	}
	return c.links[0]
}
