package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// Vouched is what became of a choice that was vouched for.
type Vouched struct {
	Recorded bool   `json:"recorded"`
	Counts   bool   `json:"counts"`         // as a signal of hits from now on: the site lists receipts
	Text     string `json:"text,omitempty"` // SHA-256 digest of the text that was shown, hex
	Kept     bool   `json:"text_kept"`

	// IDs are the identifiers as they were understood, most of each left out.
	IDs []objection.Masked `json:"ids"`
}

// Voucher takes choices that a site's server vouches for: recorded, and in force where the site lists receipts, when it
// returns.
type Voucher func(ctx context.Context, ids []objection.ID, change objection.Change) (counts, kept bool, err error)

// The bounds of a choice.
const (
	mostCategories  = 64
	longestCategory = 64
	longestVersion  = 64
	longestShown    = 64 << 10 // bytes of the text that was shown
)

const receiptMembers = "ids, categories, site, text, text_digest, version, time, country"

// receipt takes a choice that the site's server vouches for: POST /receipts.
func receipt(h *handler, w http.ResponseWriter, r *http.Request, who caller) error {
	if h.opts.Vouch == nil {
		return missing("choices are not kept here")
	}
	text, err := readBody(w, r, mostBody)
	if err != nil {
		return err
	}
	in := reader{list: "objections", now: h.opts.Now(), country: h.opts.PhoneCountry}
	ids, change, err := in.receipt(text)
	if err != nil {
		return err
	}
	change.By = who.name
	done, err := h.changing()
	if err != nil {
		return err
	}
	defer done()
	counts, kept, err := h.opts.Vouch(r.Context(), ids, change)
	if err != nil {
		return err
	}
	out := Vouched{Recorded: true, Counts: counts, Kept: kept, IDs: objection.MaskAll(ids)}
	if change.Choice.Text != [sha256.Size]byte{} {
		out.Text = hex.EncodeToString(change.Choice.Text[:])
	}
	return reply(w, out)
}

// receipt reads a choice.
func (b *reader) receipt(text []byte) (ids []objection.ID, change objection.Change, err error) {
	v, err := parse(text)
	if err != nil {
		return nil, change, err
	}
	one, c := newAct(nil), new(objection.Choice)
	shown := false
	members(v, nil, &b.faults, receiptMembers, func(name string, v gjson.Result, at *place) bool {
		switch name {
		case "categories":
			b.categories(c, v, at)
		case "text", "text_digest":
			if shown {
				b.at(at, "the text and its digest are given: keep one")
			}
			shown = true
			b.shown(c, name, v, at)
		case "version":
			if c.Version = readText(v, at, &b.faults, longestVersion); strings.Contains(c.Version, "@") {
				b.at(at, "a version is wanted here, nothing of a person")
			}
		case "ids", "site", "time", "country":
			return b.member(&one, name, v, at)
		default:
			return false
		}
		return true
	})
	b.understand(&one)
	slices.Sort(c.Granted)
	slices.Sort(c.Refused)
	if len(b.all) == 0 {
		switch {
		case len(one.IDs) == 0:
			b.at(nil, "ids is missing: who chose?")
		case len(c.Granted)+len(c.Refused) == 0:
			b.at(nil, "categories is missing: what was chosen? Each is true or false")
		case one.Change.Site == "":
			b.at(nil, "site is missing: which site asked?")
		}
	}
	if c.At = one.Change.Time; c.At.IsZero() {
		c.At = b.now
	}
	return one.IDs, objection.Change{Site: one.Change.Site, Choice: c}, b.problem()
}

// categories reads what was chosen.
func (b *reader) categories(c *objection.Choice, v gjson.Result, at *place) {
	if v.IsObject() && len(v.Map()) > mostCategories {
		b.at(at, "there are more than %d categories", mostCategories)
		return
	}
	members(v, at, &b.faults, "ids of consent categories", func(name string, v gjson.Result, at *place) bool {
		if name == "" || len(name) > longestCategory {
			return false
		}
		if truth(v, at, &b.faults) {
			c.Granted = append(c.Granted, name)
		} else {
			c.Refused = append(c.Refused, name)
		}
		return true
	})
}

// shown reads the text that was shown, or its digest.
func (b *reader) shown(c *objection.Choice, name string, v gjson.Result, at *place) {
	if name == "text" {
		if v.Type != gjson.String || len(v.Str) > longestShown {
			b.at(at, "a text of at most %d KiB is wanted here", longestShown>>10)
		} else if v.Str != "" {
			c.Text = sha256.Sum256([]byte(v.Str))
		}
		return
	}
	digest, err := hex.DecodeString(readText(v, at, &b.faults, 2*sha256.Size))
	if err != nil || len(digest) != sha256.Size {
		b.at(at, "a SHA-256 digest is wanted here: 64 characters of 0-9 and a-f")
		return
	}
	copy(c.Text[:], digest)
}
