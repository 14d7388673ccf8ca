package catalog

import (
	"bytes"
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" //nolint:gosec // a key is made of a public passphrase with it, as an SDK does; it protects nothing
	"encoding/base64"
	"fmt"
	"slices"
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
	Open    string // base64 or openssl: it is taken off before Pattern is looked for
	After   string // what stands in front of it
	Key     string // of openssl
	Inner   bool   // what Pattern finds is base64
	Format  string // as in [FieldInfo]
	Exact   bool
	Family  string
}

func newCookieInfo(c *CookieFile) (CookieInfo, error) {
	class, ok := hit.ParseClass(c.Class)
	if !ok {
		return CookieInfo{}, fmt.Errorf("cookies.%s: %q is no class", c.Name, c.Class)
	}
	switch {
	case c.Open != "" && c.Open != "base64" && c.Open != "openssl":
		return CookieInfo{}, fmt.Errorf("cookies.%s: open: %q is no wrapper of a cookie: base64 and openssl are",
			c.Name, c.Open)
	case (c.Open == "openssl") != (c.Key != ""):
		return CookieInfo{}, fmt.Errorf("cookies.%s: key: openssl takes a passphrase, and nothing else does", c.Name)
	case c.After != "" && c.Open == "":
		return CookieInfo{}, fmt.Errorf("cookies.%s: after: nothing is opened: name what stands in front in pattern", c.Name)
	}
	if c.Inner != "" && c.Inner != "base64" {
		return CookieInfo{}, fmt.Errorf("cookies.%s: inner: %q is no wrapper of an id: base64 is", c.Name, c.Inner)
	}
	name, prefix := strings.CutSuffix(c.Name, "*")
	info := CookieInfo{
		Name: name, Prefix: prefix, Class: class, Pattern: c.Pattern, Open: c.Open, After: c.After, Key: c.Key,
		Inner:  c.Inner != "",
		Family: c.Family,
	}
	info.Format, info.Exact = Format(c.Format)
	return info, nil
}

// Named tells whether a cookie is of that name.
func (c *CookieInfo) Named(name []byte) bool {
	return c.Prefix && len(name) > len(c.Name) && string(name[:len(c.Name)]) == c.Name || string(name) == c.Name
}

// AppendID appends the identifier that the cookie's value, as on the wire, holds: without percent escapes, and without
// the quotation marks that some SDKs put around it. Nothing is appended where the value does not fit.
func (c *CookieInfo) AppendID(dst, value []byte) []byte {
	from := len(dst)
	if c.Open != "" {
		var opened [1024]byte
		plain, found := bytes.CutPrefix(hit.AppendUnescape(dst, value)[from:], []byte(c.After)) // its padding may be escaped
		n := len(trimmedBase64(plain))
		if !found || base64.RawStdEncoding.DecodedLen(n) > len(opened) {
			return dst
		}
		n, err := base64.RawStdEncoding.Decode(opened[:], plain[:n])
		if err != nil {
			return dst
		}
		value = opened[:n]
		if c.Open == "openssl" {
			if value = unsalted(value, c.Key); value == nil {
				return dst
			}
		}
	}
	if c.Pattern != "" {
		start, end, ok := Locate(c.Pattern, value)
		if !ok {
			return dst
		}
		value = value[start:end]
	}
	dst = hit.AppendUnescape(dst, value)
	if c.Inner {
		n, err := base64.RawStdEncoding.Decode(dst[from:], trimmedBase64(dst[from:])) // never longer than what it is made of
		if err != nil {
			return dst[:from]
		}
		dst = dst[:from+n]
	}
	if id := dst[from:]; len(id) > 1 && id[0] == '"' && id[len(id)-1] == '"' {
		dst = dst[:from+copy(id, id[1:len(id)-1])]
	}
	return dst
}

// unsalted decrypts what OpenSSL's enc writes (Salted__, eight bytes of salt, AES-256-CBC with PKCS #7 padding;
// key and IV by EVP_BytesToKey with MD5), and returns what is in it; nil where it is none. The passphrase is
// public: this reads, it protects nothing.
func unsalted(text []byte, passphrase string) []byte {
	const mark, head = "Salted__", 16
	if !bytes.HasPrefix(text, []byte(mark)) || len(text) <= head || len(text)%aes.BlockSize != 0 {
		return nil
	}
	var made [3 * md5.Size]byte // 32 bytes of key, 16 of IV
	var last []byte
	for at := 0; at < len(made); at += md5.Size {
		sum := md5.Sum(slices.Concat(last, []byte(passphrase), text[len(mark):head])) //nolint:gosec // as the SDK does
		last = made[at : at+copy(made[at:], sum[:])]
	}
	block, err := aes.NewCipher(made[:32])
	if err != nil {
		return nil
	}
	body := bytes.Clone(text[head:]) // what was given stays where it is
	cipher.NewCBCDecrypter(block, made[32:]).CryptBlocks(body, body)
	pad := int(body[len(body)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil
	}
	for _, b := range body[len(body)-pad:] {
		if int(b) != pad {
			return nil
		}
	}
	return body[:len(body)-pad]
}

func trimmedBase64(text []byte) []byte {
	for len(text) > 0 && text[len(text)-1] == '=' {
		text = text[:len(text)-1]
	}
	return text
}

// VendorCookie is a cookie, and the file of the vendor whose SDK sets it.
type VendorCookie struct {
	File *File
	CookieInfo
}

// Kin is whose identifier the cookie holds: see [File.Kin].
func (c *VendorCookie) Kin() string { return cmp.Or(c.Family, c.File.Kin()) }

// BuiltinCookies lists the cookies that the built-in vendors keep identifiers of
// visitors in. The list is not to be changed.
func BuiltinCookies() []VendorCookie { return builtinCookies() }

// builtinCookies reads every vendor file once: what is embedded never changes.
var builtinCookies = sync.OnceValue(func() []VendorCookie {
	var all []VendorCookie
	for _, f := range Builtins() {
		for i := range f.Cookies {
			info, err := newCookieInfo(&f.Cookies[i])
			if err != nil {
				panic("BUG: vendors/" + f.ID + ".yaml: " + err.Error()) // a test reads every file
			}
			if info.Class.Identifies() {
				all = append(all, VendorCookie{f, info})
			}
		}
	}
	return all
})
