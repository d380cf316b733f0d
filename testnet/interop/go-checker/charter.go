package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// The fields of a charter (docs/spec/charter.md, rules 1 to 8).

const (
	charterBytesMax = 131_072
	timeMsMax       = 253_402_300_799_999
	holdMsMax       = 31_622_400_000
)

var holdNames = []string{"recoveryMs", "emailMs", "possessionMs", "lockedMs", "releaseMs", "unlockMs",
	"emailChangeMs", "theftMs", "noticeMs"}

type charter struct {
	hash                 id
	version              int64
	previous             string
	effectiveAt, expires int64
	labelEpoch           int64
	vrfKey               string
	faults               int64
	holds                map[string]int64
	ruleset, rulesetFrom int64
	members              []*charterMember
	logs                 []recordedLog
	byOrigin             map[string]*charterMember
	recorded             map[string]recordedLog
	note                 *signedNote
}

type charterMember struct {
	name, peerID, api, zone, state string
	logKey                         *verifierKey
	governance                     []*verifierKey
	cutoff                         *recordedLog
}

type recordedLog struct {
	origin, root string
	size         int64
}

var (
	namePattern    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	originPattern  = regexp.MustCompile(`^[a-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9][a-z0-9._-]*)+$`)
	peerPattern    = regexp.MustCompile(`^[1-9A-HJ-NP-Za-km-z]{1,128}$`)
	digestPattern  = regexp.MustCompile(`^([0-9]{1,5}) ([0-9]{1,3}) ([24]) ([0-9A-F]+)$`)
	hashPattern    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	domainPattern  = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)
	addressPattern = regexp.MustCompile(`^/[\x21-\x7e]+$`)
)

// parseCharter reads a note's charter; who has signed it, and what it follows, is looked at elsewhere.
func parseCharter(data string) (*charter, code) {
	n, bad := parseNote(data)
	if bad != "" {
		return nil, bad
	}
	if len(n.text) > charterBytesMax {
		return nil, "charter_too_large"
	}
	value, ok := parseCanonicalJSON(strings.TrimSuffix(n.text, "\n"))
	if !ok {
		return nil, "json_not_canonical"
	}
	r := &jsonFields{true}
	c := readCharter(r, r.object(value, "version", "previous", "effectiveAtMs", "expiresAtMs", "labelEpoch",
		"vrfPublicKey", "faults", "holds", "ruleset", "members", "logs"))
	if !r.ok {
		return nil, "charter_malformed"
	}
	c.hash, c.note = sha256.Sum256([]byte(n.text)), n
	return c, ""
}

func readCharter(r *jsonFields, f object) *charter {
	c := &charter{holds: map[string]int64{}, byOrigin: map[string]*charterMember{}, recorded: map[string]recordedLog{}}
	c.version, c.labelEpoch = r.integer(f["version"], 1, integerMax), r.integer(f["labelEpoch"], 0, integerMax)
	if f["previous"] != nil {
		c.previous = r.match(f["previous"], hashPattern)
	}
	c.effectiveAt, c.expires = r.integer(f["effectiveAtMs"], 0, timeMsMax), r.integer(f["expiresAtMs"], 0, timeMsMax)
	c.vrfKey = r.text(f["vrfPublicKey"])
	key, err := base64.RawURLEncoding.Strict().DecodeString(c.vrfKey)
	r.require(err == nil && len(key) == 32 && !strings.ContainsAny(c.vrfKey, "\r\n"))
	c.faults = r.integer(f["faults"], 0, 5)
	holds := r.object(f["holds"], holdNames...)
	for _, name := range holdNames {
		c.holds[name] = r.integer(holds[name], 0, holdMsMax)
	}
	ruleset := r.object(f["ruleset"], "number", "activatesAtMs")
	c.ruleset, c.rulesetFrom = r.integer(ruleset["number"], 1, integerMax), r.integer(ruleset["activatesAtMs"], 0, timeMsMax)
	for _, value := range r.array(f["members"], 1, 16) {
		m := readMember(r, value)
		c.members = append(c.members, m)
		if m.logKey != nil {
			c.byOrigin[m.logKey.name] = m
		}
	}
	for _, value := range r.array(f["logs"], 0, 16) {
		log := readLog(r, r.object(value, "origin", "size", "root"))
		c.logs = append(c.logs, log)
		c.recorded[log.origin] = log
	}
	return c
}

func readLog(r *jsonFields, f object) recordedLog {
	log := recordedLog{root: r.text(f["root"]), size: r.integer(f["size"], 0, integerMax)}
	if origin, has := f["origin"]; has {
		log.origin = r.text(origin)
		r.require(isOrigin(log.origin))
	}
	root, ok := decodeBase64(log.root)
	r.require(ok && len(root) == 32)
	return log
}

func readMember(r *jsonFields, value any) *charterMember {
	names := []string{"name", "organisation", "legalForm", "auditor", "lastAudit", "governanceKeys", "logKey",
		"peerId", "addresses", "api", "zone", "zoneDs", "state"}
	loose, _ := value.(object)
	if _, has := loose["cutoff"]; has {
		names = append(names, "cutoff")
	}
	f := r.object(value, names...)
	m := &charterMember{name: r.match(f["name"], namePattern), peerID: r.match(f["peerId"], peerPattern)}
	for _, name := range []string{"organisation", "legalForm", "auditor"} {
		r.require(isLine(r.text(f[name])))
	}
	day := r.text(f["lastAudit"])
	parsed, err := time.Parse("2006-01-02", day)
	r.require(err == nil && parsed.Format("2006-01-02") == day)
	for _, key := range r.array(f["governanceKeys"], 1, 8) {
		m.governance = append(m.governance, r.key(key))
	}
	m.logKey = r.key(f["logKey"])
	r.require(m.logKey != nil && isOrigin(m.logKey.name))
	for _, address := range r.array(f["addresses"], 0, 8) {
		r.require(len(r.match(address, addressPattern)) <= 256)
	}
	m.api, m.zone = r.text(f["api"]), r.match(f["zone"], domainPattern)
	r.require(isAPI(m.api) && len(m.zone) <= 180)
	for _, ds := range r.array(f["zoneDs"], 0, 4) {
		r.require(isDS(r.text(ds)))
	}
	m.state = r.text(f["state"])
	r.require(m.state == "active" || m.state == "readonly" || m.state == "expelled")
	if cutoff, has := f["cutoff"]; has {
		log := readLog(r, r.object(cutoff, "size", "root"))
		m.cutoff = &log
	}
	return m
}

func isOrigin(origin string) bool {
	return len(origin) <= 128 && originPattern.MatchString(origin)
}

// isLine checks 1 to 256 bytes without control characters, line separators or white space around.
func isLine(text string) bool {
	bad := func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
	return len(text) >= 1 && len(text) <= 256 && strings.IndexFunc(text, bad) < 0 &&
		strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }) == text
}

// isAPI checks an origin of https as a browser writes it.
func isAPI(text string) bool {
	u, err := url.Parse(text)
	if err != nil || len(text) > 256 || u.Scheme != "https" || text != "https://"+u.Host || u.Port() == "443" {
		return false
	}
	return u.Hostname() != "" && strings.ToLower(u.Host) == u.Host
}

func isDS(text string) bool {
	parts := digestPattern.FindStringSubmatch(text)
	if parts == nil {
		return false
	}
	digest, err := hex.DecodeString(parts[4])
	tag, ok := parseSize(parts[1])
	algorithm, isNumber := parseSize(parts[2])
	size := map[string]int{"2": 32, "4": 48}[parts[3]]
	return err == nil && ok && isNumber && tag <= 65535 && algorithm <= 255 && len(digest) == size
}

// jsonFields reads fields and remembers whether one was unfit.
type jsonFields struct{ ok bool }

func (r *jsonFields) require(ok bool) { r.ok = r.ok && ok }

// object reads an object with exactly these names.
func (r *jsonFields) object(value any, names ...string) object {
	o, ok := value.(object)
	r.require(ok && len(o) == len(names))
	for _, name := range names {
		_, has := o[name]
		r.require(has)
	}
	return o
}

func (r *jsonFields) array(value any, least, most int) []any {
	items, ok := value.([]any)
	r.require(ok && len(items) >= least && len(items) <= most)
	return items
}

func (r *jsonFields) integer(value any, least, most int64) int64 {
	n, ok := value.(int64)
	r.require(ok && n >= least && n <= most)
	return n
}

func (r *jsonFields) text(value any) string {
	text, ok := value.(string)
	r.require(ok)
	return text
}

func (r *jsonFields) match(value any, pattern *regexp.Regexp) string {
	text := r.text(value)
	r.require(pattern.MatchString(text))
	return text
}

func (r *jsonFields) key(value any) *verifierKey {
	key, ok := parseVerifierKey(r.text(value))
	r.require(ok && key.algorithm == algEd25519)
	return key
}
