package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
)

// algCosignature is the type of timestamped Ed25519 cosignatures (C2SP tlog-cosignature).
const algCosignature = 4

// A cosigner verifies cosignatures; x/mod knows plain Ed25519 only, and takes any note.Verifier.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

// Verify checks a timestamped_signature: 8 bytes of time, then the signature over header, time and
// the text of the note.
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	t := binary.BigEndian.Uint64(sig)
	return t < 1<<63 && ed25519.Verify(c.key, cosignedMessage(t, msg), sig[8:])
}

// cosignedMessage returns what a cosignature of a note's text signs.
func cosignedMessage(t uint64, msg []byte) []byte {
	return append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", t)), msg...)
}

// newCosigner parses a verifier key of type 4.
func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("malformed cosigner key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != algCosignature {
		return nil, fmt.Errorf("cosigner key is not of type 4")
	}
	c := &cosigner{parts[0], keyHash(parts[0], key), key[1:]}
	if fmt.Sprintf("%08x", c.hash) != parts[1] {
		return nil, fmt.Errorf("hash of the cosigner key does not fit")
	}
	return c, nil
}

// keyHash returns the first four bytes of SHA-256(name, newline, type and key).
func keyHash(name string, key []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	return binary.BigEndian.Uint32(sum[:])
}
