package main

import (
	"crypto/ed25519"
	"encoding/hex"
)

// Ed25519 by docs/spec/signatures.md, rules 9 to 15. crypto/ed25519 checks that s is below L, compares
// the encoding of [s]B - [k]A with R byte for byte, and reduces k; what it leaves out stands here.

// smallOrder has the canonical encodings of the eight points of small order.
var smallOrder = func() map[string]bool {
	points := map[string]bool{}
	for _, point := range []string{
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	} {
		encoded, _ := hex.DecodeString(point)
		points[string(encoded)] = true
	}
	return points
}()

// verifySignature tells whether a signature verifies by the one rule of the directory.
func verifySignature(public, message, signature []byte) bool {
	if len(public) != ed25519.PublicKeySize || len(signature) != ed25519.SignatureSize {
		return false
	}
	if !isCanonicalPoint(public) || smallOrder[string(public)] || smallOrder[string(signature[:32])] {
		return false
	}
	return ed25519.Verify(public, message, signature)
}

// isCanonicalPoint tells whether an encoding that decodes to a point is the canonical one (RFC 8032
// §5.1.3): y below p = 2^255 - 19, and no sign where x is 0, which it is for y = 1 and y = -1.
func isCanonicalPoint(encoded []byte) bool {
	y := append([]byte{}, encoded...)
	isNegative := y[31]&0x80 != 0
	y[31] &= 0x7f
	if isNegative && (isSmall(y, 1) || isNearP(y, 0xec)) {
		return false
	}
	return !(y[0] >= 0xed && isNearP(y, y[0]))
}

func isSmall(y []byte, n byte) bool {
	for _, b := range y[1:] {
		if b != 0 {
			return false
		}
	}
	return y[0] == n
}

// isNearP tells whether y is 2^255 - 256 + low.
func isNearP(y []byte, low byte) bool {
	for _, b := range y[1:31] {
		if b != 0xff {
			return false
		}
	}
	return y[31] == 0x7f && y[0] == low
}
