package main

// What a member must not have logged, as far as the logs alone show it (docs/spec/evidence.md).

const futureMsMax = 600_000

// findFuture finds leaves whose time lies after the newest cosignature on their log's checkpoint.
func (r *replay) findFuture(c *signedCheckpoint, leaves [][]byte) {
	newest := int64(-1)
	for _, seconds := range c.cosigned {
		newest = largest(newest, int64(seconds)*1000)
	}
	if newest < 0 {
		return
	}
	for i, data := range leaves {
		if l, bad := parseLeaf(data); bad == "" && l.at > newest+futureMsMax {
			r.violate(c.origin, int64(i), "leaf_from_future")
		}
	}
}

func (r *replay) findBrokenDuties() {}
