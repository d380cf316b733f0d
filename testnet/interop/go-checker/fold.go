package main

import (
	"bytes"
	"crypto/sha256"
	"sort"
)

// The state of a label and the index over all labels (docs/spec/fold.md, rules 9 to 25; index.md).

type bindingState struct {
	epoch, ownershipAt, seq    int64
	status                     string
	ownershipID, entryID       id
	endsAt                     *int64
	authority, recovery, email []byte
	lock                       bool
	commitment                 []byte
}

func sha256Of(data []byte) id { return sha256.Sum256(data) }

// fold returns the state of a label; nil where no ownership entry is complete.
func (h *history) fold() *bindingState {
	current := h.open(nil)
	if current == nil {
		return nil
	}
	for next := h.open(current); next != nil; next = h.open(current) {
		current = next
	}
	return h.stateOf(current)
}

// open returns the chain of the epoch after another, or of epoch 0.
func (h *history) open(before *chain) *chain {
	var winner *link
	for _, k := range h.entries {
		if k.kind != "register" || !follows(k, before) {
			continue
		}
		t, isComplete := k.time()
		if !isComplete || (before != nil && t < before.endsAt) {
			continue
		}
		if candidate := (link{k, t}); better(candidate, winner) {
			winner = &candidate
		}
	}
	if before != nil {
		for _, candidate := range h.commits(before) {
			if better(candidate, winner) {
				c := candidate
				winner = &c
			}
		}
	}
	if winner == nil {
		return nil
	}
	return h.chainFrom(*winner)
}

// follows is the part of rules 9 and 11 that needs no time.
func follows(register *known, before *chain) bool {
	if before == nil {
		return register.epoch == 0
	}
	return before.release != nil && register.prev != nil && *register.prev == before.release.id &&
		register.epoch == before.epoch+1
}

func (h *history) stateOf(c *chain) *bindingState {
	holder := c.holder()
	s := &bindingState{
		epoch: c.epoch, status: "held", ownershipID: holder.id, ownershipAt: holder.at,
		authority: holder.authority, recovery: holder.recovery, lock: holder.lock, email: holder.email,
	}
	if c.release != nil {
		s.status, s.ownershipID, s.ownershipAt, s.endsAt = "released", c.release.id, c.release.at, &c.endsAt
	}
	served := holder.entry
	if update := h.updateOf(holder); update != nil {
		served = update
	}
	s.entryID, s.seq, s.commitment = served.id, served.seq, served.commitment
	return s
}

// updateOf returns the winning update of an ownership entry (rules 23 to 25).
func (h *history) updateOf(holder link) *entry {
	var winner *entry
	for _, k := range h.entries {
		if k.kind != "update" || *k.prev != holder.id || k.epoch != holder.epoch || k.lock != holder.lock ||
			!bytes.Equal(k.authority, holder.authority) || !isSame(k.recovery, holder.recovery) ||
			!isSame(k.email, holder.email) {
			continue
		}
		if winner == nil || k.seq > winner.seq || (k.seq == winner.seq && bytes.Compare(k.id[:], winner.id[:]) < 0) {
			winner = k.entry
		}
	}
	return winner
}

// isSame compares 32 bytes or null.
func isSame(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// hash is rules 1 and 2 of index.md.
func (s *bindingState) hash() [32]byte {
	return sha256.Sum256(append([]byte("callbook/1 binding state\n"), s.encode()...))
}

func (s *bindingState) encode() []byte {
	ends := any(nil)
	if s.endsAt != nil {
		ends = *s.endsAt
	}
	return encodeCBOR([]any{int64(1), s.epoch, s.status, s.ownershipID[:], s.ownershipAt, ends, s.authority,
		orNull(s.recovery), s.lock, orNull(s.email), s.seq, s.entryID[:], orNull(s.commitment)})
}

func orNull(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// A indexLeaf is a label with its state's hash.
type indexLeaf struct{ label, state id }

// indexRoot is rules 8 to 10 of index.md.
func indexRoot(leaves []indexLeaf) id {
	sort.Slice(leaves, func(i, j int) bool { return bytes.Compare(leaves[i].label[:], leaves[j].label[:]) < 0 })
	return indexHash(leaves, 0)
}

func indexHash(leaves []indexLeaf, depth int) id {
	switch len(leaves) {
	case 0:
		return id{}
	case 1:
		return sha256.Sum256(join([]byte{2}, leaves[0].label[:], leaves[0].state[:]))
	}
	split := sort.Search(len(leaves), func(i int) bool { return bitOf(leaves[i].label, depth) == 1 })
	left, right := indexHash(leaves[:split], depth+1), indexHash(leaves[split:], depth+1)
	return sha256.Sum256(join([]byte{3}, left[:], right[:]))
}

func bitOf(label id, depth int) byte { return label[depth/8] >> (7 - depth%8) & 1 }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
