package names_test

import (
	"bufio"
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
	f, err := os.Open("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	class := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		language, rest, ok := strings.Cut(line, ": ")
		switch {
		case line == "" || line[0] == '#':
		case ok:
			for _, name := range strings.Fields(rest) {
				list = append(list, sample{class, language, name})
			}
		case file == "others.txt":
			for _, name := range strings.Fields(line) {
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
