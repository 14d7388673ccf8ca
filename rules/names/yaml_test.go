package names

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/rules/hit"
)

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

// shortestGlued is how many letters a word has that may stand in one part with others, where it is not listed.
const shortestGlued = 4

// source is names.yaml, read: what it says of each word, and what persons' names are called in it.
type source struct {
	words  map[string]*word // by letters
	labels []string         // as people write them
}

// read reads a table strictly.
func read(text []byte) (*source, error) {
	var f file
	yd := yaml.NewDecoder(bytes.NewReader(text))
	yd.KnownFields(true)
	if err := yd.Decode(&f); err != nil {
		return nil, err
	}
	d := &source{words: map[string]*word{}}
	var faults []error
	class := func(name, text string, at func(w *word) *hit.Class) {
		c, ok := hit.ParseClass(name)
		if !ok {
			faults = append(faults, fmt.Errorf("%q is no class", name))
			return
		}
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
func (d *source) written(text string) []*word {
	spellings := []string{plain(text), plain(bare.Replace(text))}
	if parts := strings.Fields(text); len(parts) > 2 {
		left := slices.DeleteFunc(parts, func(p string) bool { return slices.Contains(smallWords, p) })
		if len(left) > 1 {
			spellings = append(spellings, plain(strings.Join(left, " ")))
		}
	}
	slices.Sort(spellings)
	var list []*word
	for _, s := range slices.Compact(spellings) {
		w := d.words[s]
		if w == nil {
			w = new(word)
			d.words[s] = w
		}
		if len(s) >= shortestGlued {
			w.roles |= glued
		}
		list = append(list, w)
	}
	return list
}
