package webhook

import (
	"crypto/md5" //nolint:gosec // other systems know addresses by it; it protects nothing here
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// What is told of.
const (
	Objection     = "objection"
	Withdrawal    = "withdrawal"
	Decision      = "decision"       // a person decided on an objection, or that ended: see Act.Decided
	AssessmentDue = "assessment_due" // a notice: see Act.Notice
	Alarm         = "alarm"          // likewise
)

// Act is what somebody objected to or took back, with the identifiers as they were given: who is told has to know whom
// it concerns. It leaves memory only sealed, or on the way to a receiver.
type Act struct {
	Type        string              `json:"type"`
	Time        time.Time           `json:"time"`
	IDs         map[string][]string `json:"ids"` // by name: "email", "client_id:ga4"
	Scopes      []string            `json:"scopes"`
	Restriction bool                `json:"restriction"`
	Complaint   bool                `json:"complaint"`
	Source      string              `json:"source"`
	Site        string              `json:"site,omitempty"`
	InForce     []string            `json:"in_force"` // after it
	// of every form of the identifiers, as the suppression feed has them, by namespace
	Hashes map[string][]string `json:"hashes,omitempty"`

	Decided *Decided `json:"decision,omitempty"` // of a Decision alone

	// Notice is told in place of all that but type and time, where something is nobody's act. Key says what it is
	// about: the same one gives the same id, so that a receiver who saw it once knows it again.
	Notice json.RawMessage `json:"notice,omitempty"`
	Key    string          `json:"key,omitempty"`
}

// Decided is what a person decided on an objection: until when what rests on an assessment goes on all the same.
type Decided struct {
	Number     uint64 `json:"number"`
	Assessment string `json:"assessment"`
	Version    int    `json:"assessment_version"`
	Until      string `json:"until"` // RFC 3339
	By         string `json:"by"`    // an approver
	Ended      bool   `json:"ended,omitempty"`
}

// message is the act as Standard Webhooks wants it.
func (a *Act) message() ([]byte, error) {
	type data Act // without type and time, which stand beside it
	message := struct {
		Type      string `json:"type"`
		Timestamp string `json:"timestamp"`
		Data      any    `json:"data"`
	}{a.Type, a.Time.UTC().Format(time.RFC3339), a.Notice}
	if a.Notice == nil {
		message.Data = struct {
			data
			Type any `json:"type,omitempty"`
			Time any `json:"time,omitempty"`
		}{data: data(*a)}
	}
	return json.Marshal(message)
}

// named returns the identifiers of a class, whoever's they are: "client_id" and "client_id:ga4".
func (a *Act) named(class string) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(a.IDs)) {
		if of, _, _ := strings.Cut(name, ":"); of == class {
			all = append(all, a.IDs[name]...)
		}
	}
	return all
}

// derived are the placeholders that are made of another identifier where that was given.
var derived = map[string]struct {
	from string
	make func(string) string
}{
	"email_sha256": {"email", func(plain string) string {
		return hexSHA256(pseudonym.AppendNormal(nil, pseudonym.Address, []byte(plain)))
	}},
	"email_md5": {"email", func(plain string) string {
		sum := md5.Sum(pseudonym.AppendNormal(nil, pseudonym.Address, []byte(plain))) //nolint:gosec // see above
		return hex.EncodeToString(sum[:])
	}},
	"phone_sha256": {"phone", func(plain string) string {
		return hexSHA256(pseudonym.AppendNormal(nil, pseudonym.Number, []byte(plain)))
	}},
}

func hexSHA256(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// mostSplit is how many requests one act may become.
const mostSplit = 100

// split divides an act into acts with one value for each of the identifiers that a request
// names; none where one of them is not there.
func (a *Act) split(names []string) []*Act {
	all := []map[string][]string{{}}
	for _, group := range [][]string{{"email", "email_sha256", "email_md5"}, {"phone", "phone_sha256"},
		{"user_id"}, {"client_id"}} {
		used := slices.DeleteFunc(slices.Clone(group), func(name string) bool { return !slices.Contains(names, name) })
		if len(used) == 0 {
			continue
		}
		var next []map[string][]string
		for _, so := range all {
			for _, one := range a.choices(group[0], used) {
				with := maps.Clone(so)
				maps.Copy(with, one)
				next = append(next, with)
			}
		}
		all = next[:min(len(next), mostSplit)]
	}
	acts := make([]*Act, len(all))
	for i := range all {
		one := *a
		one.IDs = all[i]
		acts[i] = &one
	}
	return acts
}

// choices are the values that the names of a group may have at once: each is made of a plain value, or where only one
// form is asked for it may have been given in that form.
func (a *Act) choices(plain string, used []string) (all []map[string][]string) {
	seen := map[string]bool{}
	for _, value := range a.named(plain) {
		form := strings.TrimSpace(value)
		if used[0] != plain {
			form = derived[used[0]].make(value)
		}
		if !seen[form] {
			seen[form] = true
			all = append(all, map[string][]string{plain: {value}})
		}
	}
	if len(used) == 1 && used[0] != plain {
		for _, value := range a.named(used[0]) {
			if form := strings.ToLower(strings.TrimSpace(value)); !seen[form] {
				seen[form] = true
				all = append(all, map[string][]string{used[0]: {value}})
			}
		}
	}
	return all
}

// values are what placeholders stand for in an act that was split, the secret aside.
func (a *Act) values() map[string]string {
	out := map[string]string{"scopes": strings.Join(a.Scopes, ","), "time": a.Time.UTC().Format(time.RFC3339),
		"type": a.Type}
	for _, name := range Placeholders()[:identifiers] {
		given := a.named(name)
		how, can := derived[name]
		switch {
		case len(given) > 0:
			out[name] = strings.TrimSpace(given[0])
			if can {
				out[name] = strings.ToLower(out[name])
			}
		case can && len(a.named(how.from)) > 0:
			out[name] = how.make(a.named(how.from)[0])
		}
	}
	return out
}

// people are what tells acts of the same person apart from others: their identifiers, and the hashes of these, which
// the end of a decision has alone. A notice is told apart by what it is about, without its step, which ends its key.
func (a *Act) people() []string {
	if a.Notice != nil {
		return []string{"notice " + a.Key[:max(strings.LastIndexByte(a.Key, ' '), 0)]}
	}
	var all []string
	for name, values := range a.IDs {
		for _, value := range values {
			all = append(all, name+" "+strings.ToLower(strings.TrimSpace(value)))
		}
	}
	for space, hashes := range a.Hashes {
		for _, hash := range hashes {
			all = append(all, space+"#"+hash)
		}
	}
	return all
}
