package names_test

import (
	"os"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/names"
)

// ofPersons are the classes whose fields are about one person, or a browser of one.
var ofPersons = map[hit.Class]bool{
	hit.PersonName: true, hit.UserID: true, hit.Email: true, hit.Phone: true, hit.PostalAddress: true,
	hit.BirthDate: true, hit.Gender: true, hit.Credential: true, hit.Sensitive: true, hit.PreciseGeo: true,
	hit.IP: true, hit.DeviceID: true, hit.ClientID: true, hit.AdvertisingID: true,
	hit.ExternalID: true, hit.UserTrait: true,
}

// of is what a table says of "name" or "parent>name".
func of(table *names.Table, text string) hit.Class {
	parent, name, inside := strings.Cut(text, ">")
	if !inside {
		parent, name = "", text
	}
	return table.Class([]byte(parent), []byte(name), false)
}

// sample is a name of the corpus, with the class that its heading gives.
type sample struct{ class, language, name string }

func corpus(t *testing.T, file string) (list []sample) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	class := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		language, rest, ok := strings.Cut(line, ": ")
		switch {
		case line == "" || line[0] == '#':
		case ok:
			for name := range strings.FieldsSeq(rest) {
				list = append(list, sample{class, language, name})
			}
		case strings.HasSuffix(file, "others.txt"):
			for name := range strings.FieldsSeq(line) {
				list = append(list, sample{name: name})
			}
		default:
			class = line
		}
	}
	return list
}

// TestCorpus: of names that sites give to data of persons at most three in a hundred are missed, or said to be of
// another class; of other names at most three in a hundred are taken for some.
func TestCorpus(t *testing.T) {
	table := names.New()
	found, right := 0, 0
	persons := corpus(t, "persons.txt")
	byLanguage := map[string][2]int{}
	for _, s := range persons {
		c := of(table, s.name)
		count := byLanguage[s.language]
		count[1]++
		if ofPersons[c] {
			found++
			count[0]++
		} else {
			t.Logf("missed: %s (%s, %s): %v", s.name, s.class, s.language, c)
		}
		byLanguage[s.language] = count
		if c.String() == s.class || s.class == "any" && ofPersons[c] {
			right++
		} else if ofPersons[c] {
			t.Logf("of another class: %s (%s, %s): %v", s.name, s.class, s.language, c)
		}
	}
	others := corpus(t, "others.txt")
	wrong := 0
	for _, s := range others {
		if c := of(table, s.name); ofPersons[c] {
			wrong++
			t.Logf("taken for a person's: %s: %v", s.name, c)
		}
	}
	recall := float64(found) / float64(len(persons))
	exact := float64(right) / float64(len(persons))
	passed := 1 - float64(wrong)/float64(len(others))
	precision := float64(found) / float64(found+wrong)
	t.Logf("%d names of persons' data, recall %.1f %%, of the right class %.1f %%; by language %v",
		len(persons), 100*recall, 100*exact, byLanguage)
	t.Logf("%d other names, passed %.1f %%; precision %.1f %%", len(others), 100*passed, 100*precision)
	if len(persons) < 300 || len(others) < 200 {
		t.Errorf("%d and %d names are too few", len(persons), len(others))
	}
	if recall < 0.97 || exact < 0.97 || passed < 0.97 || precision < 0.97 {
		t.Error("below 97 %")
	}
}

// TestFreshNames is TestCorpus with names that were written down before the table was mended for them.
func TestFreshNames(t *testing.T) {
	table := names.New()
	persons, others := corpus(t, "fresh-persons.txt"), corpus(t, "fresh-others.txt")
	found, right, wrong := 0, 0, 0
	for _, s := range persons {
		c := of(table, s.name)
		if ofPersons[c] {
			found++
		}
		if c.String() == s.class {
			right++
		} else {
			t.Logf("%s (%s, %s): %v", s.name, s.class, s.language, c)
		}
	}
	for _, s := range others {
		if c := of(table, s.name); ofPersons[c] {
			wrong++
			t.Logf("taken for a person's: %s: %v", s.name, c)
		}
	}
	recall, exact := float64(found)/float64(len(persons)), float64(right)/float64(len(persons))
	passed := 1 - float64(wrong)/float64(len(others))
	t.Logf("%d names of persons' data, recall %.1f %%, of the right class %.1f %%; %d others, passed %.1f %%",
		len(persons), 100*recall, 100*exact, len(others), 100*passed)
	if recall < 0.95 || exact < 0.90 || passed < 0.95 {
		t.Error("below the mark")
	}
}
