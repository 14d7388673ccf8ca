package visitor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/ascii"
)

// Bounds of a choice that is posted, in bytes.
const (
	longestChoice  = 32 << 10 // the JSON
	mostCategories = 64
	longestVersion = 64
	proofHexSize   = 2 * sha256.Size
)

// Choosing is a choice that a page posted: what somebody answered when a banner asked.
type Choosing struct {
	Site     string
	Choice   objection.Choice // without Kept and Proof: whoever takes it knows
	Browsers []BrowserIDs     // identifiers of the browser, by whose act it is for them
	User     string           // a user id that Proof vouches for; "": there is none
	Signed   string           // the time of the choice, as Proof was made over it
	Proof    [sha256.Size]byte
}

// BrowserIDs are identifiers that one act of a browser is for.
type BrowserIDs struct {
	Holder objection.Holder
	IDs    []objection.ID
}

// Chose is what became of a choice.
type Chose struct {
	Recorded bool // it is on the ledger
	Counts   bool // the site lists receipts: refusals count from now on, and with a proof grants
	Kept     bool // the text that was shown is kept
}

// ErrProof says that a proof does not vouch for what was sent.
var ErrProof = errors.New("the proof is not one of the site's, or not of what was sent")

// postedChoice is what is read of one.
type postedChoice struct {
	objection.Choice
	ids    []objection.ID
	user   string
	proof  []byte
	signed string
	lang   string
}

// parseChoice reads JSON as parseObject does. All errors are *badRequest.
func parseChoice(text []byte) (*postedChoice, error) {
	c := new(postedChoice)
	err := parseObject(text, longestChoice, func(p *parser, name string) error { return p.choiceMember(c, name) })
	if err != nil {
		return nil, err
	}
	slices.Sort(c.Granted)
	slices.Sort(c.Refused)
	switch {
	case len(c.Granted)+len(c.Refused) == 0:
		return nil, &badRequest{at: "/categories", what: "nothing was chosen: each consent category is true or false"}
	case c.At.IsZero():
		return nil, &badRequest{at: "/time", what: "it is missing: when was it chosen? RFC 3339 is right"}
	case c.user != "" && c.proof == nil:
		return nil, &badRequest{at: "/user_id", what: "user_id", guessable: true}
	case c.user == "" && c.proof != nil:
		return nil, &badRequest{at: "/proof", what: "a proof is for a user_id"}
	}
	return c, nil
}

// choiceMember reads a member of a choice.
func (p *parser) choiceMember(c *postedChoice, name string) (err error) {
	at := "/" + name
	switch name {
	case "categories":
		err = p.categories(c, at)
	case "text":
		var text string
		if text, err = p.textOf(at, longestChoice); err == nil && text != "" {
			c.Text = sha256.Sum256([]byte(text))
		}
	case "version":
		if c.Version, err = p.textOf(at, longestVersion); err == nil && !versionLike(c.Version) {
			err = &badRequest{at: at, what: "letters, digits and . _ : + - are right"}
		}
	case "time":
		if c.signed, err = p.textOf(at, longestVersion); err != nil {
			return err
		}
		if c.At, err = time.Parse(time.RFC3339, c.signed); err != nil || c.At.Unix() <= 0 {
			err = &badRequest{at: at, what: "RFC 3339 is right: 2026-05-04T12:00:00Z"}
		}
	case "platform":
		if c.Platform, err = p.textOf(at, 32); err == nil && !wordLike(c.Platform) {
			err = &badRequest{at: at, what: "a-z, 0-9, - and _ are right"}
		}
	case "ids":
		c.ids, err = p.ids(at)
	case "user_id":
		if c.user, err = p.textOf(at, longestID); err == nil && objection.Unmatchable("user_id", c.user) != nil {
			err = &badRequest{at: at, what: objection.Unmatchable("user_id", c.user).Error()}
		}
	case "proof":
		var text string
		if text, err = p.textOf(at, proofHexSize); err != nil {
			return err
		}
		if c.proof, err = hex.DecodeString(text); err != nil || len(text) != proofHexSize || strings.ToLower(text) != text {
			err = &badRequest{at: at, what: "64 characters of 0-9 and a-f are right"}
		}
	case "lang":
		c.lang, err = p.text(at)
	default:
		err = &badRequest{what: "a member is unknown: categories, text, version, time, platform, ids, user_id, proof and " +
			"lang are right"}
	}
	return err
}

// categories reads what was chosen.
func (p *parser) categories(c *postedChoice, at string) error {
	return p.object(at, func(name string) error {
		t, err := p.Token()
		granted, ok := t.(bool)
		switch {
		case err != nil || !ok:
			return &badRequest{at: at, what: "each is true or false"}
		case name == "" || len(name) > 64 || strings.ContainsFunc(name, unicode.IsControl) ||
			strings.ContainsRune(name, utf8.RuneError):
			return &badRequest{at: at, what: "a name is no consent category's"}
		case len(c.Granted)+len(c.Refused) == mostCategories:
			return &badRequest{at: at, what: fmt.Sprintf("more than %d", mostCategories)}
		case granted:
			c.Granted = append(c.Granted, name)
		default:
			c.Refused = append(c.Refused, name)
		}
		return nil
	})
}

func versionLike(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r >= utf8.RuneSelf || !ascii.IsAlnum(byte(r)) && !strings.ContainsRune("._:+-", r)
	})
}

func wordLike(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r >= utf8.RuneSelf || !ascii.IsLower(byte(r)) && !ascii.IsDigit(byte(r)) && r != '-' && r != '_'
	})
}

// chooser is a visit of somebody who answers when the site's banner asks.
type chooser struct{ *visit }

// post takes what somebody answered: POST /privacy/choices.
func (v chooser) post() {
	if v.ctx.IsOptions() {
		preflight(v.site, v.ctx)
		return
	}
	allowOrigin(v.site, v.ctx)
	if !v.method(v.problem, "POST", "OPTIONS") || !v.postsJSON(longestChoice) {
		return
	}
	c, err := parseChoice(v.ctx.PostBody())
	if err != nil {
		v.refused(err)
		return
	}
	if c.lang != "" {
		v.speak(v.site.choose(c.lang, v.header("Accept-Language")))
	}
	became, identified, err := v.handOver(c)
	switch {
	case errors.Is(err, ErrProof):
		v.problemAt("/proof", fasthttp.StatusForbidden, "proof")
	case err != nil:
		v.failed(err, v.problem)
	default:
		v.answerChoice(c, became, identified)
	}
}

// handOver hands a choice over, and has the browser keep the proof of what it refused, so that it can take that back.
func (v chooser) handOver(c *postedChoice) (Chose, int, error) {
	if wait := v.choosers.page(v.from); wait > 0 {
		return Chose{}, 0, errTooMany{wait}
	}
	of := Choosing{Site: v.site.ID, Choice: c.Choice, User: c.user, Signed: c.signed}
	copy(of.Proof[:], c.proof)
	ids := v.recognised(append(slices.Clone(v.ids), c.ids...))
	fresh, err := v.newAct()
	if err != nil {
		return Chose{}, 0, err
	}
	for {
		var made []proof
		of.Browsers = nil
		for _, id := range ids {
			own := v.ownProof(id, fresh)
			made = append(made, own)
			of.add(own.holder(), id)
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		became, err := v.opts.Choose(ctx, of)
		cancel()
		if left, found := v.withoutBadCookie(err, ids); found {
			ids = left
			continue
		}
		if err == nil && became.Counts && len(c.Refused) > 0 && len(made) > 0 {
			v.setCookies(v.ctx, v.site.cookieAge(), v.chosen, append(made, v.proofs...))
		}
		return became, len(ids), err
	}
}

// ownProof is the browser's proof of an act of its own for an identifier; of a new act where it has none.
func (v chooser) ownProof(id objection.ID, fresh [actSize]byte) proof {
	for _, held := range v.proofsFor(v.Pages, id) {
		if held.holder().Kind == objection.Browser {
			return held
		}
	}
	return v.proofOf(id, fresh)
}

// add adds an identifier to those of its act.
func (c *Choosing) add(holder objection.Holder, id objection.ID) {
	for i := range c.Browsers {
		if c.Browsers[i].Holder == holder {
			c.Browsers[i].IDs = append(c.Browsers[i].IDs, id)
			return
		}
	}
	c.Browsers = append(c.Browsers, BrowserIDs{holder, []objection.ID{id}})
}

// choiceAnswer is what a choice is answered with. It is the same whatever is known of an identifier.
type choiceAnswer struct {
	Recorded   bool   `json:"recorded"`
	Identified int    `json:"identified"` // by how many identifiers of the browser
	Counts     string `json:"counts"`     // as a signal of hits from now on: nothing, refusals, or all
	Text       string `json:"text,omitempty"`
	Kept       bool   `json:"text_kept"`
}

func (v chooser) answerChoice(c *postedChoice, became Chose, identified int) {
	answer := choiceAnswer{Recorded: became.Recorded, Identified: identified, Counts: "nothing", Kept: became.Kept}
	if became.Counts {
		answer.Counts = "refusals"
		if c.user != "" {
			answer.Counts = "all"
		}
	}
	if c.Text != [sha256.Size]byte{} {
		answer.Text = hex.EncodeToString(c.Text[:])
	}
	text, err := json.Marshal(answer)
	if err != nil {
		panic("BUG: an answer is no JSON: " + err.Error())
	}
	v.ctx.Response.Header.SetContentType("application/json")
	v.ctx.SetBody(text)
}

// ExplainChoice says in words what a body of POST /privacy/choices says, and how it counts; the user id and the text
// that was shown are not among them. The error says what is wrong with it.
func ExplainChoice(text []byte) (lines []string, err error) {
	c, err := parseChoice(text)
	if err != nil {
		return nil, err
	}
	for _, name := range c.Granted {
		lines = append(lines, "grants "+name)
	}
	for _, name := range c.Refused {
		lines = append(lines, "refuses "+name)
	}
	lines = append(lines, "chosen "+c.At.UTC().Format(time.RFC3339))
	if c.Text != [sha256.Size]byte{} {
		lines = append(lines, "text "+hex.EncodeToString(c.Text[:]))
	}
	if c.Version != "" {
		lines = append(lines, "version "+c.Version)
	}
	if c.Platform != "" {
		lines = append(lines, "copied from "+c.Platform)
	}
	if c.user != "" {
		return append(lines, "with a proof for a user id: where it is the site's, grants count for that user"), nil
	}
	return append(lines, "without a proof: refusals alone count, and where the site lists receipts"), nil
}
