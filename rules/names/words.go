package names

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/rules/hit"
)

//go:embed names.yaml
var text []byte

// Text returns the text of the table: it is part of what decides.
func Text() []byte { return text }

// file is the table as names.yaml holds it.
type file struct {
	Classes map[string]struct {
		Anywhere []string `yaml:"anywhere"`
		Last     []string `yaml:"last"`
		Alone    []string `yaml:"alone"`
		Whole    []string `yaml:"whole"`
		Theirs   []string `yaml:"theirs"`
	} `yaml:"classes"`
	Words struct {
		Persons  []string            `yaml:"persons"`
		Own      []string            `yaml:"own"`
		Where    []string            `yaml:"where"`
		Numbers  []string            `yaml:"numbers"`
		IDs      []string            `yaml:"ids"`
		Names    []string            `yaml:"names"`
		Numbered map[string][]string `yaml:"numbered"`
		Goods    []string            `yaml:"goods"`
		Things   []string            `yaml:"things"`
		About    []string            `yaml:"about"`
		Small    []string            `yaml:"small"`
		Asking   []string            `yaml:"asking"`
		Holders  []string            `yaml:"holders"`
		Many     []string            `yaml:"many"`
		Glued    []string            `yaml:"glued"`
	} `yaml:"words"`
}

// role is what a word does in a name.
type role uint16

// The roles, as names.yaml calls them.
const (
	person role = 1 << iota
	own
	where
	number
	ident // a number that no count is
	title // names
	goods
	thing
	about
	small
	asking
	holder
	glued // it may stand in one part with others
	many  // its number is not one person's
)

// word is what the table says of a word, or of several that are read as one.
type word struct {
	anywhere, last, alone, whole hit.Class
	theirs                       hit.Class
	numbered                     hit.Class // of its number
	roles                        role
}

// inNames tells whether the word is one that names are made of; others count as whole names alone.
func (w *word) inNames() bool {
	return w.roles&^glued != 0 || w.anywhere|w.last|w.alone|w.theirs|w.numbered != hit.Unknown
}

// shortestGlued is how many letters a word has that may stand in one part with others, where it is not listed.
const shortestGlued = 4

// dictionary holds the words by their letters: node 0 is the beginning of all.
type dictionary struct {
	next   [][26]uint16
	words  []word   // by node
	labels []string // of persons' names, as people write them
	says   [hit.NumClasses]bool
}

// words is the dictionary, read when it is first asked for.
var words = sync.OnceValue(func() *dictionary {
	d, err := read(text)
	if err != nil {
		panic("BUG: names.yaml: " + err.Error()) // a test reads it
	}
	return d
})

// read reads a table strictly.
func read(text []byte) (*dictionary, error) {
	var f file
	yd := yaml.NewDecoder(bytes.NewReader(text))
	yd.KnownFields(true)
	if err := yd.Decode(&f); err != nil {
		return nil, err
	}
	d := &dictionary{next: make([][26]uint16, 1), words: make([]word, 1)}
	var faults []error
	class := func(name, text string, at func(w *word) *hit.Class) {
		c, ok := hit.ParseClass(name)
		if !ok {
			faults = append(faults, fmt.Errorf("%q is no class", name))
			return
		}
		d.says[c] = true
		for _, w := range d.written(text) {
			if of := at(w); *of == hit.Unknown {
				*of = c
			} else if *of != c {
				faults = append(faults, fmt.Errorf("%q is listed under %v and %v", text, *of, c))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Classes)) {
		lists := f.Classes[name]
		for _, l := range []struct {
			words []string
			at    func(w *word) *hit.Class
		}{
			{lists.Anywhere, func(w *word) *hit.Class { return &w.anywhere }},
			{lists.Last, func(w *word) *hit.Class { return &w.last }},
			{lists.Alone, func(w *word) *hit.Class { return &w.alone }},
			{lists.Whole, func(w *word) *hit.Class { return &w.whole }},
			{lists.Theirs, func(w *word) *hit.Class { return &w.theirs }},
		} {
			for _, text := range l.words {
				class(name, text, l.at)
			}
		}
	}
	for name, list := range f.Words.Numbered {
		for _, text := range list {
			class(name, text, func(w *word) *hit.Class { return &w.numbered })
		}
	}
	for _, l := range []struct {
		words []string
		role  role
	}{
		{f.Words.Persons, person}, {f.Words.Own, own}, {f.Words.Where, where}, {f.Words.Numbers, number},
		{f.Words.IDs, number | ident},
		{f.Words.Names, title}, {f.Words.Goods, goods | thing}, {f.Words.Things, thing}, {f.Words.About, about},
		{f.Words.Small, small}, {f.Words.Asking, asking}, {f.Words.Holders, holder}, {f.Words.Glued, glued},
		{f.Words.Many, many},
	} {
		for _, text := range l.words {
			for _, w := range d.written(text) {
				w.roles |= l.role
			}
		}
	}
	d.says[hit.UserID] = true // a person's number is one
	d.labels = slices.Concat(f.Classes[hit.PersonName.String()].Anywhere, nil)
	return d, errors.Join(faults...)
}

// bare leaves umlauts without their dots, as who has no such keys writes them; with them they are two letters.
var bare = strings.NewReplacer("ä", "a", "ö", "o", "ü", "u", "Ä", "a", "Ö", "o", "Ü", "u")

// smallWords stand between others, or do not.
var smallWords = []string{
	"de", "du", "des", "del", "della", "di", "da", "do", "das", "of", "the", "van", "y", "e", "et", "und", "d", "l",
	"i", "in", "on",
}

// written returns the words for each way in which a text of the table is written.
func (d *dictionary) written(text string) []*word {
	spellings := []string{plain(text), plain(bare.Replace(text))}
	if parts := strings.Fields(text); len(parts) > 2 {
		left := slices.DeleteFunc(parts, func(p string) bool { return slices.Contains(smallWords, p) })
		if len(left) > 1 {
			spellings = append(spellings, plain(strings.Join(left, " ")))
		}
	}
	slices.Sort(spellings)
	var nodes []uint16
	for _, s := range slices.Compact(spellings) {
		nodes = append(nodes, d.node(s))
	}
	var list []*word
	for k, n := range nodes {
		w := &d.words[n]
		if len(slices.Compact(spellings)[k]) >= shortestGlued {
			w.roles |= glued
		}
		list = append(list, w)
	}
	return list
}

// node is where a word ends in the dictionary; it is made where it is new.
func (d *dictionary) node(letters string) uint16 {
	at := uint16(0)
	for _, c := range []byte(letters) {
		next := d.next[at][c-'a']
		if next == 0 {
			d.next, d.words = append(d.next, [26]uint16{}), append(d.words, word{})
			next = uint16(len(d.next) - 1)
			d.next[at][c-'a'] = next
		}
		at = next
	}
	return at
}

// find returns what the table says of the letters as a whole; nil where they are no word.
func (d *dictionary) find(letters []byte) *word {
	at := uint16(0)
	for _, c := range letters {
		if c == other {
			return nil
		}
		if at = d.next[at][c-'a']; at == 0 {
			return nil
		}
	}
	return &d.words[at]
}
