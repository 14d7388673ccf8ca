package config

// maxSheetBytes bounds a style sheet.
const maxSheetBytes = 64 << 10

// besideFile is a file that the server file names, as it was read.
type besideFile struct {
	content []byte
	err     error
}

// readBeside reads the databases of regions and the style sheets that sites of the server file name. Of one that cannot be read it keeps why.
func (s *Source) readBeside() {
	var ignored Faults
	doc := parse("", s.server, &ignored)
	if doc == nil {
		return // Compile says what is wrong
	}
	for _, id := range doc.keys("sites") {
		s.readInto(s.places, doc, steps("sites", id, "region", "database"), maxPlacesBytes)
		s.readInto(s.sheets, doc, steps("sites", id, "privacy", "css"), maxSheetBytes+1)
	}
}

func (s *Source) readInto(files map[string]besideFile, doc *document, at []any, most int64) {
	if !doc.has(at...) {
		return
	}
	name := doc.find(at).Value
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
		r.faults.at(r.server, at, "cannot read the style sheet: %s", reason(file.err))
	case len(file.content) > maxSheetBytes:
		r.faults.at(r.server, at, "the style sheet is longer than %d KiB", maxSheetBytes>>10)
	}
}

// Sheet is the style sheet of a site, nil where it has none.
func (l *Loaded) Sheet(site string) []byte {
	return l.Source.sheets[l.Server.Sites[site].Privacy.CSS].content
}
