package config

import "github.com/tagwarden/tagwarden/config/strict"

// maxSheetBytes bounds a style sheet.
const maxSheetBytes = 64 << 10

// besideFile is a file that the server file names, as it was read.
type besideFile struct {
	content []byte
	err     error
}

// readBeside reads the databases of regions and the style sheets that sites of the server file name. Of one that cannot be read it keeps why.
func (s *Source) readBeside() {
	var ignored strict.Faults
	doc := strict.Parse("", s.server, &ignored)
	if doc == nil {
		return // Compile says what is wrong
	}
	for _, id := range doc.Keys("sites") {
		s.readInto(s.places, doc, strict.Path("sites", id, "region", "database"), maxPlacesBytes)
		s.readInto(s.sheets, doc, strict.Path("sites", id, "privacy", "css"), maxSheetBytes+1)
	}
}

func (s *Source) readInto(files map[string]besideFile, doc *strict.Document, at []any, most int64) {
	if !doc.Has(at...) {
		return
	}
	name := doc.Find(at).Value
	if _, known := files[name]; known || name == "" {
		return
	}
	content, err := readBounded(relativeTo(s.Path, name), most)
	files[name] = besideFile{content, err}
}

// checkSheet looks at a site's style sheet.
func (r *reading) checkSheet(at []any, name string) {
	file := r.source.sheets[name]
	switch {
	case name == "":
	case file.err != nil:
		r.faults.At(r.server, at, "cannot read the style sheet: %s", reason(file.err))
	case len(file.content) > maxSheetBytes:
		r.faults.At(r.server, at, "the style sheet is longer than %d KiB", maxSheetBytes>>10)
	}
}

// Sheet is the style sheet of a site, nil where it has none.
func (l *Loaded) Sheet(site string) []byte {
	return l.Source.sheets[l.Server.Sites[site].Privacy.CSS].content
}
