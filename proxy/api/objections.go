package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// Receipt is what became of an objection, or of one that was taken back.
type Receipt struct {
	Seq      uint64    `json:"seq"`
	Recorded time.Time `json:"recorded"`
	New      bool      `json:"new"`
	InForce  []string  `json:"in_force"`
	Untold   bool      `json:"untold,omitempty"` // on this node alone, so far: seq is 0

	// IDs are the identifiers as they were understood, most of each left out.
	IDs []objection.Masked `json:"ids"`

	// Where something was taken back, and in_force is not empty: by whose acts it stands, and how it is ended.
	Acts   []Held `json:"acts,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Held says by how many acts of a kind something is in force: of browsers, links, roles, of what follows from another
// identifier (seen_with), or from before acts were told apart (earlier). It says nothing of who holds them.
type Held struct {
	Kind    string   `json:"kind"`
	Acts    int      `json:"acts"`
	InForce []string `json:"in_force"`
}

// heldBy says by whose acts something stands.
func heldBy(held []objection.Held) []Held {
	all := make([]Held, 0, len(held))
	for _, one := range held {
		kind, acts := one.Kind.String(), one.Acts
		if one.Kind == objection.Browsers {
			kind = objection.Browser.String() // that they are not told apart is the store's affair
		}
		at := slices.IndexFunc(all, func(h Held) bool { return h.Kind == kind })
		if at >= 0 {
			more := slices.Sorted(slices.Values(append(slices.Clip(all[at].InForce), one.InForce...)))
			all[at].Acts, all[at].InForce = all[at].Acts+acts, slices.Compact(more)
			continue
		}
		all = append(all, Held{kind, acts, orEmpty(one.InForce)})
	}
	return all
}

// standsStill says why what a role took back is in force all the same, and what ends it; "" where it is not.
func standsStill(took []string, held []objection.Held) string {
	var kinds []string
	for _, one := range heldBy(held) {
		meant := slices.ContainsFunc(one.InForce, func(scope string) bool {
			return slices.Contains(took, scope) || slices.Contains(took, objection.All)
		})
		if meant && !slices.Contains(kinds, one.Kind) {
			kinds = append(kinds, one.Kind)
		}
	}
	if len(kinds) == 0 {
		return ""
	}
	return "what was taken back is in force still, by acts of others (" + strings.Join(kinds, ", ") + "): " +
		`"every_act": true ends them, too, where the person asked for that`
}

// Receipts are what became of a list, in its order.
type Receipts struct {
	Receipts []Receipt `json:"receipts"`
}

// Imported is what became of a part of a file.
type Imported struct {
	Taken    int        `json:"taken"`    // acts that were taken
	New      int        `json:"new"`      // of them, those that changed something
	Rejected []Rejected `json:"rejected"` // those that were left out, by their place in the list

	// First are the identifiers of the first act that was taken as they were understood, most of each left out.
	First []objection.Masked `json:"first,omitempty"`
}

// Rejected is an act that was left out of an import.
type Rejected struct {
	Index  int    `json:"index"`
	Detail string `json:"detail"` // nothing of an identifier is in it
}

// object takes objections: POST /objections.
func (h *handler) object(w http.ResponseWriter, r *http.Request, who caller) error {
	return h.act(w, r, who, &reader{list: "objections"})
}

// withdraw takes objections back: DELETE /objections.
func (h *handler) withdraw(w http.ResponseWriter, r *http.Request, who caller) error {
	return h.act(w, r, who, &reader{list: "withdrawals", withdraw: true})
}

// act does what a body asks for: all of it or nothing.
func (h *handler) act(w http.ResponseWriter, r *http.Request, who caller, in *reader) error {
	if h.opts.Objector == nil {
		return missing("objections are not kept here")
	}
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	most := int64(mostBody)
	in.most, in.operator, in.now, in.country = mostActs, who.operator, h.opts.Now(), h.opts.PhoneCountry
	if who.operator {
		in.most, most = mostImport, mostFile
	}
	if h.opts.Scopes != nil {
		in.scopes = h.opts.Scopes()
	}
	text, err := readBody(w, r, most)
	if err != nil {
		return err
	}
	asked, err := in.read(text)
	if err != nil {
		return err
	}
	for i := range asked.acts {
		asked.acts[i].Change.By = who.name
	}
	done, err := h.changing()
	if err != nil {
		return err
	}
	defer done()
	if asked.file != nil {
		out, err := h.importPart(r.Context(), asked)
		if err != nil {
			return err
		}
		return reply(w, out)
	}
	digest := sha256.Sum256(append([]byte(r.Method+"\n"), text...))
	acts := objection.Acts{Acts: asked.acts, Key: who.key(key), Digest: digest}
	receipts, err := h.opts.Objector.Act(r.Context(), acts)
	if err != nil {
		return placed(err, asked)
	}
	out, untold := Receipts{make([]Receipt, len(receipts))}, false
	for i, one := range receipts {
		out.Receipts[i] = Receipt{
			Seq: one.Seq, Recorded: one.Recorded.UTC(), New: one.New, InForce: orEmpty(one.InForce),
			IDs: objection.MaskAll(asked.acts[i].IDs), Untold: one.Untold,
		}
		if !one.New && len(one.InForce) == 0 && i < len(asked.unfound) {
			out.Receipts[i].Detail = asked.unfound[i]
		}
		if one.Untold {
			untold, out.Receipts[i].Detail = true, untoldDetail
			continue
		}
		if took := asked.acts[i].Change.TakeBack; len(took) > 0 && len(one.InForce) > 0 {
			out.Receipts[i].Acts, out.Receipts[i].Detail = heldBy(one.Held), standsStill(took, one.Held)
		}
	}
	status := http.StatusOK
	if untold {
		status = http.StatusAccepted
	}
	if !asked.batch && len(receipts) == 1 {
		return replyWith(w, status, out.Receipts[0])
	}
	return replyWith(w, status, out)
}

// untoldDetail says of a receipt what 202 says of the answer.
const untoldDetail = "the other nodes of the cluster do not know it yet: what is objected to is in force on this " +
	"one, what is taken back will be when they know; they are told as soon as they can be reached"

// orEmpty makes of no list an empty one, so that it is written as such.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func missing(detail string) *problem.Document {
	return problem.New(http.StatusServiceUnavailable, "missing", detail)
}

// idempotencyKey reads the header, in quotation marks or without.
func idempotencyKey(r *http.Request) (string, error) {
	key := strings.TrimSpace(r.Header.Get("Idempotency-Key"))
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	if len(key) > 255 || strings.ContainsFunc(key, func(c rune) bool { return c < '!' || c > '~' }) {
		return "", problem.New(http.StatusBadRequest, "key",
			"the Idempotency-Key is none: up to 255 printable characters are right, a UUID for example")
	}
	return key, nil
}

// placed gives a fault of the objector's its place in the body.
func placed(err error, asked *body) error {
	fault, ok := errors.AsType[*objection.Fault](err)
	if !ok {
		return err
	}
	var at *place
	if fault.Act >= 0 && fault.Act < len(asked.places) {
		at = asked.places[fault.Act]
	}
	if class, found := strings.CutPrefix(fault.What, "ids."); found {
		at = at.member("ids").member(class)
	} else if fault.What == "site" || fault.What == "time" || fault.What == "source" || fault.What == "channel" ||
		fault.What == "campaign" {
		at = at.member(fault.What)
	}
	p := problem.New(http.StatusUnprocessableEntity, "invalid", "nothing was done")
	p.Faults = []problem.Fault{{Pointer: at.pointer(), Detail: fault.Err.Error()}}
	return p
}

// importPart takes a part of a file: what cannot be taken is left out and told, and how far the file is in is kept with
// the rest.
func (h *handler) importPart(ctx context.Context, asked *body) (*Imported, error) {
	out := &Imported{Rejected: append([]Rejected{}, asked.bad...)}
	progress := &objection.Progress{File: asked.file.file, Line: asked.file.line}
	if !asked.file.trial {
		receipts, err := h.opts.Objector.Act(ctx, objection.Acts{Acts: asked.acts, Progress: progress})
		if err == nil {
			out.count(receipts, asked.acts)
			return out, nil
		}
		if _, fault := errors.AsType[*objection.Fault](err); !fault {
			return nil, err
		}
	}
	good := make([]objection.Act, 0, len(asked.acts))
	for i, one := range asked.acts {
		err := h.validate(one)
		if fault, ok := errors.AsType[*objection.Fault](err); ok {
			out.Rejected = append(out.Rejected, Rejected{asked.places[i].index, fault.Error()})
		} else if err != nil {
			return nil, err
		} else {
			good = append(good, one)
		}
	}
	if asked.file.trial {
		out.Taken = len(good)
		out.first(good)
		return out, nil
	}
	receipts, err := h.opts.Objector.Act(ctx, objection.Acts{Acts: good, Progress: progress})
	if err != nil {
		return nil, fmt.Errorf("what looked right was refused: %w", err)
	}
	out.count(receipts, good)
	return out, nil
}

// first shows what was understood.
func (i *Imported) first(acts []objection.Act) {
	if len(acts) > 0 {
		i.First = objection.MaskAll(acts[0].IDs)
	}
}

func (i *Imported) count(receipts []objection.Receipt, acts []objection.Act) {
	i.Taken = len(receipts)
	i.first(acts)
	for _, one := range receipts {
		if one.New {
			i.New++
		}
	}
}

// validate says what is wrong with an act, and does nothing.
func (h *handler) validate(act objection.Act) error {
	if h.opts.Check != nil {
		return h.opts.Check(act)
	}
	_, err := h.opts.Objector.Standing(act.IDs, act.Change.Subjects)
	return err
}
