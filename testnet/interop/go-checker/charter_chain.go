package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// What one charter must be to follow another (docs/spec/charter.md, rules 9 to 35).

const (
	dayMs       = 86_400_000
	lifetimeMax = 3653 * dayMs
	noticeOfF   = 7 * dayMs
)

var emptyRoot = func() string {
	sum := sha256.Sum256(nil)
	return base64.StdEncoding.EncodeToString(sum[:])
}()

// verifyChain verifies charters from version 1 on. The chain ends before the first that is refused.
func verifyChain(notes []string) ([]*charter, code) {
	var chain []*charter
	for _, data := range notes {
		c, bad := parseCharter(data)
		if bad == "" {
			bad = c.inconsistent()
		}
		if bad == "" && len(chain) == 0 {
			bad = c.verifyFounding()
		} else if bad == "" {
			bad = c.verifyNext(chain[len(chain)-1])
		}
		if bad != "" {
			return chain, bad
		}
		chain = append(chain, c)
	}
	return chain, ""
}

// inconsistent checks rules 9 to 17.
func (c *charter) inconsistent() code {
	life := c.expires - c.effectiveAt
	if (c.previous == "") != (c.version == 1) || life <= 0 || life > lifetimeMax {
		return "charter_inconsistent"
	}
	seen := map[string]bool{}
	isNew := func(what, value string) bool {
		key := what + " " + value
		found := seen[key]
		seen[key] = true
		return !found
	}
	for _, m := range c.members {
		ok := isNew("name", m.name) && isNew("peer", m.peerID) && isNew("api", m.api) && isNew("zone", m.zone) &&
			isNew("origin", m.logKey.name) && isNew("public", string(m.logKey.public))
		for _, key := range m.governance {
			ok = ok && isNew("public", string(key.public)) && isNew("key", strings.Join(strings.SplitN(key.text, "+", 3)[:2], "+"))
		}
		if !ok || (m.cutoff != nil) != (m.state == "expelled") || (m.cutoff != nil && m.cutoff.isFalselyEmpty()) {
			return "charter_inconsistent"
		}
		for _, other := range c.members {
			if strings.HasPrefix(other.logKey.name, m.logKey.name+"/") {
				return "charter_inconsistent"
			}
		}
	}
	for _, log := range c.logs {
		m := c.byOrigin[log.origin]
		if m == nil || !isNew("log", log.origin) || log.isFalselyEmpty() {
			return "charter_inconsistent"
		}
		if m.cutoff != nil && (m.cutoff.size != log.size || m.cutoff.root != log.root) {
			return "charter_inconsistent"
		}
	}
	active, expelled := c.count("active"), c.count("expelled")
	if active+expelled < 3*c.faults+1 || active < c.quorum() {
		return "charter_faults_invalid"
	}
	return ""
}

func (log recordedLog) isFalselyEmpty() bool { return log.size == 0 && log.root != emptyRoot }

func (c *charter) count(state string) int64 {
	n := int64(0)
	for _, m := range c.members {
		if m.state == state {
			n++
		}
	}
	return n
}

func (c *charter) quorum() int64 { return (c.count("active")+c.faults)/2 + 1 }

// challengedFor returns how many challenged leaves an entry of a kind needs.
func (c *charter) challengedFor(kind string) int64 {
	switch kind {
	case "register", "commit":
		return c.faults + 1
	case "request":
		// Two even where f = 0, but never more than there are.
		if active := c.count("active"); active < 2 {
			return active
		}
		return largest(2, c.faults+1)
	}
	return 0
}

func (c *charter) verifyFounding() code {
	if c.version != 1 || c.count("active") != int64(len(c.members)) {
		return "charter_not_founding"
	}
	for _, log := range c.logs {
		if log.size != 0 {
			return "charter_not_founding"
		}
	}
	return c.verifySigned(c)
}

func (c *charter) verifyNext(before *charter) code {
	if c.version != before.version+1 {
		return "charter_version_not_next"
	}
	if c.previous != hex.EncodeToString(before.hash[:]) {
		return "charter_previous_mismatch"
	}
	if !c.mayFollow(before) {
		return "charter_succession_invalid"
	}
	return c.verifySigned(before, c)
}

// verifySigned checks that quorums of the active members of several charters have signed; a bad
// signature by any of their governance keys refuses it.
func (c *charter) verifySigned(by ...*charter) code {
	for _, one := range by {
		var keys []*verifierKey
		for _, m := range one.members {
			keys = append(keys, m.governance...)
		}
		signed, bad := c.note.verify(keys)
		if bad != "" {
			return bad
		}
		n := int64(0)
		for _, m := range one.members {
			for _, key := range m.governance {
				if _, ok := signed[key]; ok && m.state == "active" {
					n++
					break
				}
			}
		}
		if n < one.quorum() {
			return "charter_quorum_missing"
		}
	}
	return ""
}

// mayFollow checks rules 27 to 35.
func (c *charter) mayFollow(before *charter) bool {
	if c.effectiveAt <= before.effectiveAt || c.labelEpoch != before.labelEpoch || c.vrfKey != before.vrfKey {
		return false
	}
	if !c.mayHaveRuleset(before) {
		return false
	}
	former := map[string]bool{}
	for _, old := range before.members {
		m := c.byOrigin[old.logKey.name]
		former[old.name] = true
		if m == nil || m.name != old.name {
			return false
		}
		if old.state == "expelled" && (m.state != "expelled" || *m.cutoff != *old.cutoff) {
			return false
		}
		log, listed := c.recorded[old.logKey.name]
		if !listed || (m.state != "expelled" && !log.extends(before.recorded[old.logKey.name])) {
			return false
		}
		if c.faults < before.faults && old.state == "active" && m.state != "active" {
			return false
		}
	}
	if c.faults < before.faults && c.effectiveAt < before.effectiveAt+noticeOfF {
		return false
	}
	for _, m := range c.members {
		if former[m.name] {
			continue
		}
		if m.state == "expelled" || c.recorded[m.logKey.name].size != 0 {
			return false
		}
	}
	return true
}

func (log recordedLog) extends(before recordedLog) bool {
	if before.origin == "" {
		return true
	}
	return log.size > before.size || (log.size == before.size && log.root == before.root)
}

func (c *charter) mayHaveRuleset(before *charter) bool {
	if c.ruleset == before.ruleset {
		return c.rulesetFrom == before.rulesetFrom
	}
	return c.ruleset == before.ruleset+1 && before.rulesetFrom <= c.effectiveAt && c.rulesetFrom >= c.effectiveAt
}
