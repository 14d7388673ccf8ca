package catalog

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// CookieInfo is a cookie that holds an identifier.
type CookieInfo struct {
	Name    string // without its "*"
	Prefix  bool   // any suffix will do
	Class   hit.Class
	Pattern string
	Base64  bool // it is taken off before Pattern is looked for
}

func newCookieInfo(c *CookieFile) (CookieInfo, error) {
	class, ok := hit.ParseClass(c.Class)
	if !ok {
		return CookieInfo{}, fmt.Errorf("cookies.%s: %q is no class", c.Name, c.Class)
	}
	if c.Open != "" && c.Open != "base64" {
		return CookieInfo{}, fmt.Errorf("cookies.%s: open: %q is no wrapper of a cookie: base64 is", c.Name, c.Open)
	}
	name, prefix := strings.CutSuffix(c.Name, "*")
	return CookieInfo{Name: name, Prefix: prefix, Class: class, Pattern: c.Pattern, Base64: c.Open != ""}, nil
}

// Named tells whether a cookie is of that name.
func (c *CookieInfo) Named(name []byte) bool {
	return c.Prefix && len(name) > len(c.Name) && string(name[:len(c.Name)]) == c.Name || string(name) == c.Name
}

// AppendID appends the identifier that the cookie's value, as on the wire, holds: without percent escapes, and without the quotation marks
// that some SDKs put around it. Nothing is appended where the value does not fit.
func (c *CookieInfo) AppendID(dst, value []byte) []byte {
	from := len(dst)
	if c.Base64 {
		var opened [1024]byte
		plain := hit.AppendUnescape(dst, value)[from:] // its padding may be escaped
		n := len(trimmedBase64(plain))
		if base64.RawStdEncoding.DecodedLen(n) > len(opened) {
			return dst
		}
		n, err := base64.RawStdEncoding.Decode(opened[:], plain[:n])
		if err != nil {
			return dst
		}
		value = opened[:n]
	}
	if c.Pattern != "" {
		start, end, ok := Locate(c.Pattern, value)
		if !ok {
			return dst
		}
		value = value[start:end]
	}
	dst = hit.AppendUnescape(dst, value)
	if id := dst[from:]; len(id) > 1 && id[0] == '"' && id[len(id)-1] == '"' {
		dst = dst[:from+copy(id, id[1:len(id)-1])]
	}
	return dst
}

func trimmedBase64(text []byte) []byte {
	for len(text) > 0 && text[len(text)-1] == '=' {
		text = text[:len(text)-1]
	}
	return text
}

// VendorCookie is a cookie and the catalog id of the vendor whose identifier it holds.
type VendorCookie struct {
	Vendor string
	CookieInfo
}

// BuiltinCookies lists the cookies that the built-in vendors keep identifiers of visitors in. The list is not to be changed.
func BuiltinCookies() []VendorCookie { return builtinCookies() }

// builtinCookies reads every vendor file once: what is embedded never changes.
var builtinCookies = sync.OnceValue(func() []VendorCookie {
	var all []VendorCookie
	for _, id := range BuiltinIDs() {
		f, _ := Builtin(id)
		for i := range f.Cookies {
			info, err := newCookieInfo(&f.Cookies[i])
			if err != nil {
				panic("BUG: vendors/" + id + ".yaml: " + err.Error()) // a test reads every file
			}
			if info.Class.Identifies() {
				all = append(all, VendorCookie{id, info})
			}
		}
	}
	return all
})
