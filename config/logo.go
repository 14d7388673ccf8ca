package config

import (
	"bytes"
	"encoding/xml"
)

// maxLogoBytes bounds a site's logo.
const maxLogoBytes = 128 << 10

// Logo is a site's logo.
type Logo struct {
	Content []byte
	Type    string // "image/svg+xml", and so on: what its content is
}

// Logo is the logo of a site, nil where it has none.
func (l *Loaded) Logo(site string) *Logo {
	name := l.Server.Sites[site].Privacy.Logo
	if name == "" {
		return nil
	}
	content := l.Source.logos[name].content
	return &Logo{content, pictureType(content)}
}

// checkLogo looks at a site's logo.
func (c siteCheck) checkLogo(at []any, name string) {
	file := c.source.logos[name]
	switch {
	case name == "":
	case linkFault(name) == "":
		c.faults.At(c.server, at,
			"an address would tell another host who reads the pages: put the file beside this one and name it, ./logo.svg")
	case file.err != nil:
		c.faults.At(c.server, at, "cannot read the logo: %s", file.err)
	case len(file.content) > maxLogoBytes:
		c.faults.At(c.server, at, "the logo is longer than %d KiB", maxLogoBytes>>10)
	case pictureType(file.content) == "":
		c.faults.At(c.server, at, "the logo is no picture that browsers show: SVG, PNG, JPEG, WebP and GIF are right")
	}
}

// pictureType tells by its content what a picture is; "" where it is none that every browser shows.
func pictureType(content []byte) string {
	switch {
	case bytes.HasPrefix(content, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(content, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case bytes.HasPrefix(content, []byte("GIF87a")), bytes.HasPrefix(content, []byte("GIF89a")):
		return "image/gif"
	case len(content) > 12 && bytes.HasPrefix(content, []byte("RIFF")) && string(content[8:12]) == "WEBP":
		return "image/webp"
	case isSVG(content):
		return "image/svg+xml"
	}
	return ""
}

// isSVG tells whether a text is a drawing: its root is svg, in SVG's namespace, without which an image is not shown.
func isSVG(content []byte) bool {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	d.Strict = false // drawing programs declare entities
	for {
		token, err := d.RawToken()
		if err != nil {
			return false
		}
		if root, ok := token.(xml.StartElement); ok {
			for _, a := range root.Attr {
				own := a.Name.Space == "" && a.Name.Local == "xmlns" && root.Name.Space == "" ||
					a.Name.Space == "xmlns" && a.Name.Local == root.Name.Space
				if own && a.Value == "http://www.w3.org/2000/svg" {
					return root.Name.Local == "svg"
				}
			}
			return false
		}
	}
}
