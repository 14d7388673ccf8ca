package notice

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// Recipient is who receives.
type Recipient struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"` // of the service
	Hosts []string `json:"hosts"`
	// of the legal person's seat, ISO 3166-1; where that differs by reader, of the first
	Country string `json:"country,omitempty"`
	Seat    string `json:"seat,omitempty"` // the same in words

	Own         bool     `json:"own,omitempty"` // the controller itself
	Legal       string   `json:"legal,omitempty"`
	Entities    []Entity `json:"entities,omitempty"` // the legal persons, in the order of [catalog.Readers]
	Role        string   `json:"role,omitempty"`     // processor, joint or controller
	RoleName    string   `json:"role_name,omitempty"`
	PolicyURL   string   `json:"policy_url,omitempty"`
	Arrangement string   `json:"arrangement,omitempty"` // address of the essence of a joint arrangement
}

// Entity is a legal person who receives data of visitors in some regions.
type Entity struct {
	Name    string   `json:"name"`    // with its seat
	Country string   `json:"country"` // ISO 3166-1
	In      string   `json:"in"`      // the same in words
	For     []string `json:"for,omitempty"`
}

// Safeguarded is what makes a transfer of data of visitors in some regions lawful.
type Safeguarded struct {
	Safeguard string   `json:"safeguard"`
	For       []string `json:"for,omitempty"`
}

func (b *builder) recipient(r *rules.Recipient, readers []string) Recipient {
	of := b.loaded.RecipientOf(r.ID)
	n := Recipient{
		ID: r.ID, Name: r.Catalog.File.Name, Hosts: hostsOfRecipient(r), Own: of.Own, Role: of.Role,
		RoleName: b.words.Recipients["role_"+of.Role], PolicyURL: of.PolicyURL, Arrangement: of.Arrangement,
	}
	if of.Role == "" {
		n.RoleName = ""
	}
	if n.Own {
		n.Legal = b.words.Recipients["own"]
		return n
	}
	var said []string
	for _, one := range b.byReader(readers, of.Entity.For) {
		person, country, _ := catalog.SplitEntity(one.text)
		e := Entity{Name: person, Country: country, In: b.words.country(country), For: one.readers}
		n.Entities, n.Country, n.Seat = append(n.Entities, e), cmp.Or(n.Country, country), cmp.Or(n.Seat, e.In)
		said = append(said, e.Name+" ("+e.In+")"+b.onlyFor(e.For))
	}
	n.Legal = b.words.semicolons(said)
	return n
}

// Short names the recipient in a few words: the legal persons, and the service where it is called otherwise.
func (r *Recipient) Short() string {
	name := r.Legal
	if !r.Own {
		var persons []string
		for _, e := range r.Entities {
			persons = append(persons, firm(e.Name))
		}
		name = strings.Join(persons, ", ")
	}
	if name == "" || name == r.Name {
		return r.Name
	}
	return name + " – " + r.Name
}

// Person is the legal person with the country of its seat, in words: "Google Ireland Limited, Ireland"; one for each
// region, where they differ.
func (r *Recipient) Person() string {
	if r.Own {
		return r.Legal
	}
	var persons []string
	for _, e := range r.Entities {
		persons = append(persons, firm(e.Name)+", "+e.In)
	}
	return strings.Join(persons, "; ")
}

// forms are legal forms that stand behind a comma and without a full stop.
var forms = []string{"LLC", "LLP", "Ltd", "Limited", "Inc", "Corp", "GmbH", "PBC"}

// firm is a legal person's name without its address: "Meta Platforms, Inc." of "Meta Platforms, Inc., Menlo Park".
func firm(entity string) string {
	parts := strings.Split(entity, ", ")
	n := 1
	for n < len(parts) && (strings.HasSuffix(parts[n], ".") || slices.Contains(forms, parts[n])) {
		n++
	}
	return strings.Join(parts[:n], ", ")
}

// hostsOfRecipient lists where a recipient's data go, without doubles.
func hostsOfRecipient(r *rules.Recipient) []string {
	var hosts []string
	for _, role := range slices.Sorted(maps.Keys(r.Upstreams)) {
		if u, err := url.Parse(r.Upstreams[role]); err == nil && u.Host != "" && !slices.Contains(hosts, u.Host) {
			hosts = append(hosts, u.Host)
		}
	}
	return hosts
}

// saidFor is a text, and the readers that it is for, in words; none where it is for all.
type saidFor struct {
	text    string
	readers []string
}

// byReader groups readers by what they are told. What nobody is told is left out.
func (b *builder) byReader(readers []string, of func(reader string) string) []saidFor {
	var all []saidFor
	for _, reader := range readers {
		text := of(reader)
		i := slices.IndexFunc(all, func(s saidFor) bool { return s.text == text })
		switch word := b.words.Recipients["reader_"+reader]; {
		case text == "":
		case i < 0:
			all = append(all, saidFor{text, []string{word}})
		default:
			all[i].readers = append(all[i].readers, word)
		}
	}
	if len(all) == 1 && len(all[0].readers) == len(readers) {
		all[0].readers = nil
	}
	return all
}

// onlyFor says behind a text which readers it is for; "" where that is all.
func (b *builder) onlyFor(readers []string) string {
	if readers == nil {
		return ""
	}
	return " [" + fill(b.words.Recipients["readers"], "readers", strings.Join(readers, ", ")) + "]"
}

// transfer says where data go outside the EEA, and what makes that lawful.
func (b *builder) transfer(written *config.Activity, readers []string) *Transfer {
	t := written.Transfer
	if t == nil {
		return nil
	}
	n := &Transfer{Country: t.Country, In: b.words.country(t.Country)}
	var said []string
	for _, one := range b.byReader(readers, t.SafeguardFor) {
		words := b.words.safeguard(one.text)
		n.Safeguards = append(n.Safeguards, Safeguarded{words, one.readers})
		said = append(said, words+b.onlyFor(one.readers))
	}
	n.Safeguard = b.words.semicolons(said)
	return n
}

// facts are those of a recipient, in the words of policies.
func (r *Recipient) facts() []string {
	all := []string{"recipient " + r.ID + ": " + strings.Join([]string{r.Name, strings.Join(r.Hosts, ", ") +
		" " + r.Country}, ", ")}
	if r.Legal != "" {
		all = append(all, "recipient "+r.ID+": is "+r.Legal)
	}
	for _, of := range [][2]string{{"role", r.Role}, {"privacy policy", r.PolicyURL}, {"arrangement", r.Arrangement}} {
		if of[1] != "" {
			all = append(all, "recipient "+r.ID+": "+of[0]+" "+of[1])
		}
	}
	return all
}
