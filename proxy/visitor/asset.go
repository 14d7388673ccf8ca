package visitor

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// script is tagwarden.js as it is served, mirror is tagwarden-mirror.js, and style is style.css:
// without indentation and lines of comment.
var (
	script = served("pages/tagwarden.js")
	mirror = served("pages/tagwarden-mirror.js")
	style  = served("pages/style.css")
)

// served reads a file and takes out what only its readers need: indentation, empty lines, and lines of comment.
func served(name string) []byte {
	text, err := pageFiles.ReadFile(name)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	var out []byte
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && !bytes.HasPrefix(line, []byte("//")) && !bytes.HasPrefix(line, []byte("/*")) {
			out = append(append(out, line...), '\n')
		}
	}
	return out
}

// asset answers with a file that is the same for everybody; false where there is none of that name.
func (v *visit) asset(name string) bool {
	switch {
	case name == "style.css":
		v.file(style, "text/css; charset=utf-8", 24*time.Hour)
	case name == "tagwarden.js":
		// a module is asked for as other data are, and is the same for everybody
		v.ctx.Response.Header.Set("Access-Control-Allow-Origin", "*")
		v.file(script, "text/javascript; charset=utf-8", 7*24*time.Hour)
	case name == "tagwarden-mirror.js":
		v.ctx.Response.Header.Set("Access-Control-Allow-Origin", "*")
		v.file(mirror, "text/javascript; charset=utf-8", 24*time.Hour) // a platform that writes otherwise is to be read soon
	case name == "theme.css" && v.site.Style != nil:
		v.file(v.site.Style, "text/css; charset=utf-8", time.Hour)
	case name == "logo" && v.site.Logo != nil:
		// Opened by itself, a drawing is a document: it may run nothing, and ask for nothing.
		v.ctx.Response.Header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
		v.file(v.site.Logo.Content, v.site.Logo.Type, time.Hour)
	default:
		return false
	}
	return true
}

// file answers with content that may be kept for a while, and asked for again by its ETag.
func (v *visit) file(content []byte, kind string, keep time.Duration) {
	if !v.method(v.fail, "GET", "HEAD") {
		return
	}
	sum := sha256.Sum256(content)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	h := &v.ctx.Response.Header
	h.Set("ETag", tag)
	h.Set("Cache-Control", "public, max-age="+seconds(keep))
	if asked := v.header("If-None-Match"); strings.Contains(asked, tag) || strings.TrimSpace(asked) == "*" {
		v.ctx.SetStatusCode(fasthttp.StatusNotModified)
		return
	}
	h.SetContentType(kind)
	v.ctx.SetBody(content)
}

// gpc answers what the site makes of Global Privacy Control (GPC specification, section "GPC support resource").
func (v *visit) gpc() {
	text, err := json.Marshal(struct {
		GPC     bool   `json:"gpc"`
		Updated string `json:"lastUpdate"`
	}{v.site.GPC, v.site.Updated.UTC().Format(time.DateOnly)})
	if err != nil {
		panic("BUG: " + err.Error())
	}
	v.file(text, "application/json", time.Hour)
}

// notice answers with the notice as the policy in force has it.
func (v *visit) notice() {
	if !v.method(v.fail, "GET", "HEAD") {
		return
	}
	if len(v.said.Notice) == 0 {
		v.fail(fasthttp.StatusNotFound, "not_found")
		return
	}
	h := &v.ctx.Response.Header
	h.Set("Content-Security-Policy", v.site.policy(inlineStyle(v.said.Notice)))
	h.Set("Content-Language", v.said.Tag)
	h.Add("Vary", "Accept-Language")
	v.file(v.said.Notice, "text/html; charset=utf-8", 5*time.Minute)
}

// inlineStyle names the style element of a page for its policy, by its digest.
func inlineStyle(text []byte) string {
	_, rest, begun := bytes.Cut(text, []byte("<style>"))
	content, _, ended := bytes.Cut(rest, []byte("</style>"))
	if !begun || !ended {
		return "'none'"
	}
	sum := sha256.Sum256(content)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
