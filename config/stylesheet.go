package config

// maxSheetBytes bounds a style sheet.
const maxSheetBytes = 64 << 10

// checkSheet looks at a site's style sheet.
func (c siteCheck) checkSheet(at []any, name string) {
	file := c.source.sheets[name]
	switch {
	case name == "":
	case file.err != nil:
		c.faults.At(c.server, at, "cannot read the style sheet: %s", file.err)
	case len(file.content) > maxSheetBytes:
		c.faults.At(c.server, at, "the style sheet is longer than %d KiB", maxSheetBytes>>10)
	}
}

// Sheet is the style sheet of a site, nil where it has none.
func (l *Loaded) Sheet(site string) []byte {
	return l.Source.sheets[l.Server.Sites[site].Privacy.CSS].content
}
