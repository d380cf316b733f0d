package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight   = 8
	tileWidth    = 1 << tileHeight
	bodyBytesMax = 1 << 20
)

// A member serves one log under a prefix: https://host/log/<origin>.
type member struct {
	prefix string
	client *http.Client
}

func newMember(url, origin, caFile string) (*member, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", caFile)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	return &member{strings.TrimSuffix(url, "/") + "/log/" + origin, client}, nil
}

// get fetches a file of the log.
func (m *member) get(path string) ([]byte, error) {
	resp, err := m.client.Get(m.prefix + "/" + path)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d", path, resp.StatusCode)
	}
	return io.ReadAll(io.LimitReader(resp.Body, bodyBytesMax))
}

// Height returns the height of tiles; the client of x/mod asks.
func (m *member) Height() int { return tileHeight }

// ReadTiles fetches tiles; what they say is verified by whoever asked for them.
func (m *member) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		path, err := tilePath(tile)
		if err != nil {
			return nil, err
		}
		if data[i], err = m.get(path); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// SaveTiles keeps nothing.
func (m *member) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

// tilePath returns the path of C2SP tlog-tiles, which leaves the height out: tile/8/0/000 of x/mod is
// tile/0/000, and tile/8/data/000 is tile/entries/000.
func tilePath(tile tlog.Tile) (string, error) {
	if tile.H != tileHeight {
		return "", fmt.Errorf("tile of height %d", tile.H)
	}
	path := strings.TrimPrefix(tile.Path(), "tile/8/")
	return "tile/" + strings.Replace(path, "data/", "entries/", 1), nil
}

// entries fetches an entry bundle: leaves, each behind its length in two bytes.
func (m *member) entries(index int64, width int) ([][]byte, error) {
	path, err := tilePath(tlog.Tile{H: tileHeight, L: -1, N: index, W: width})
	if err != nil {
		return nil, err
	}
	data, err := m.get(path)
	if err != nil {
		return nil, err
	}
	var leaves [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("%s ends inside an entry", path)
		}
		size := int(binary.BigEndian.Uint16(data))
		leaves = append(leaves, data[2:2+size])
		data = data[2+size:]
	}
	if len(leaves) != width {
		return nil, fmt.Errorf("%s has %d entries, not %d", path, len(leaves), width)
	}
	return leaves, nil
}
