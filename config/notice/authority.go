package notice

import (
	"slices"

	"github.com/tagwarden/tagwarden/config"
)

// Controller is who is responsible.
type Controller struct {
	Name    string `json:"name"`
	Address string `json:"address,omitempty"`
	Contact string `json:"contact,omitempty"`
	DPO     string `json:"dpo,omitempty"`

	Representative   *Representative `json:"representative,omitempty"`    // in the EU (GDPR Art. 27)
	UKRepresentative *Representative `json:"uk_representative,omitempty"` // in the UK (UK GDPR Art. 27)
}

// Representative acts for a controller who is established elsewhere.
type Representative struct {
	Name    string `json:"name"`
	Address string `json:"address,omitempty"`
	Contact string `json:"contact"`
}

func controllerOf(c *config.Controller) Controller {
	n := Controller{Name: c.Name, Address: c.Address, Contact: c.Contact, DPO: c.DPO}
	if r := c.Representative; r != nil {
		n.Representative = &Representative{r.Name, r.Address, r.Contact}
	}
	if r := c.UKRepresentative; r != nil {
		n.UKRepresentative = &Representative{r.Name, r.Address, r.Contact}
	}
	return n
}

// String writes a representative in one line; "" for none.
func (r *Representative) String() string {
	if r == nil {
		return ""
	}
	return list(r.Name, r.Address, r.Contact)
}

// Authority is where a visitor may complain.
type Authority struct {
	For  string `json:"for"` // where the visitor is, in words
	Name string `json:"name"`
	URL  string `json:"url"`
}

// authorities are the addresses for complaints by reader, {lang} the notice's language; their names are among the words.
var authorities = []struct{ reader, url string }{
	{"EEA", "https://www.edpb.europa.eu/about-edpb/about-edpb/members_{lang}"},
	{"UK", "https://ico.org.uk/make-a-complaint/"},
	{"CH", "https://www.edoeb.admin.ch/"},
}

// law adds where visitors may complain, and by which law they are protected where that is not the GDPR: those of the
// regions that an activity of the notice serves. The EEA's authorities are named in any case.
func (n *Notice) law(readers []string) {
	for _, a := range authorities {
		if a.reader != "EEA" && !slices.Contains(readers, a.reader) {
			continue
		}
		of := n.words.Recipients
		n.Authorities = append(n.Authorities, Authority{of["reader_"+a.reader], of["authority_"+a.reader], fill(a.url, "lang", n.Lang)})
		if text := of["law_"+a.reader]; text != "" {
			n.Laws = append(n.Laws, text)
		}
	}
}
