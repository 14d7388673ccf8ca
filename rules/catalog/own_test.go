package catalog

import "testing"

// TestMayHoldK: what may be decoded to a "k" is never passed over.
func TestMayHoldK(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"": false, "idSKU-1~nmRed%20shoes~pr59.9": false, "idSKU~k0colour": true, "idSKU~%6b0colour": true,
		"idSKU~%6B0colour": true, `"idSKU~\u006b0colour"`: true, "%7Ek0a": true, "K0": false,
	} {
		if got := mayHoldK([]byte(raw)); got != want {
			t.Errorf("%q: %v", raw, got)
		}
	}
}

// TestHeadersThatAVendorFileNeverPassesOn: of what proxies and front ends make of a request, too.
func TestHeadersThatAVendorFileNeverPassesOn(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"Cookie": true, "SET-COOKIE2": true, "Sec-CH-UA": true, "X-Vercel-Forwarded-For": true, "X-Original-URL": true,
		"X-Forwarded-Client-Cert": true, "X-Pomerium-Jwt-Assertion": true, "X-MSISDN": true,
		"User-Agent": false, "Accept-Language": false, "X-Client-Address": false, "Content-Type": false,
	} {
		f := File{Headers: map[string]Field{name: {Class: "custom"}}}
		if got := len(f.OwnFaults()) > 0; got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
