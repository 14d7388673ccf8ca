package api

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// vouched is a choice as the API hands it over.
type vouched struct {
	ids    []objection.ID
	change objection.Change
}

// TestReceipts: what is vouched for is handed over as it was sent; what is not right is refused, with its place, and
// nothing is handed over.
func TestReceipts(t *testing.T) {
	a := newAPI(t)
	post := func(body string) (int, string) {
		w := a.call(a.face, "POST", Base+"/receipts", body, "Authorization: Bearer "+a.bearer)
		return w.Code, w.Body.String()
	}
	digest := sha256.Sum256([]byte("Do you agree?"))
	for _, body := range []string{
		`{"site":"shop","ids":{"user_id":"cust-1"},"categories":{"marketing":false,"analytics":true},"text":"Do you agree?","version":"7","time":"2026-01-02T03:04:05Z"}`,
		`{"site":"shop","ids":{"user_id":"cust-1"},"categories":{"marketing":false,"analytics":true},"text_digest":"` +
			hex.EncodeToString(digest[:]) + `","version":"7","time":"2026-01-02T03:04:05Z"}`,
	} {
		status, text := post(body)
		if status != 200 || !strings.Contains(text, `"counts":true`) ||
			!strings.Contains(text, hex.EncodeToString(digest[:])) || strings.Contains(text, "cust-1") {
			t.Errorf("%d %s", status, text)
		}
	}
	for _, got := range a.vouched {
		c := got.change.Choice
		if got.ids[0] != (objection.ID{Name: "user_id", Value: "cust-1"}) || got.change.By != "crm" ||
			got.change.Site != "shop" || c.Text != digest ||
			strings.Join(c.Granted, " ") != "analytics" || strings.Join(c.Refused, " ") != "marketing" || c.Version != "7" ||
			c.At.Year() != 2026 {
			t.Errorf("%+v %+v", got, c)
		}
	}
	if len(a.vouched) != 2 {
		t.Errorf("%d were handed over", len(a.vouched))
	}
	for body, at := range map[string]string{
		`{"site":"shop","categories":{"analytics":true}}`:                                                            "ids is missing",
		`{"site":"shop","ids":{"user_id":"secret-1"}}`:                                                               "categories is missing",
		`{"ids":{"user_id":"secret-1"},"categories":{"analytics":true}}`:                                             "site is missing",
		`{"site":"none","ids":{"user_id":"secret-1"},"categories":{"analytics":true}}`:                               "site",
		`{"site":"shop","ids":{"user_id":"secret-1"},"categories":{"analytics":"yes"}}`:                              "/categories/analytics",
		`{"site":"shop","ids":{"user_id":"secret-1"},"categories":["analytics"]}`:                                    "/categories",
		`{"site":"shop","ids":{"user_id":"secret-1"},"categories":{"analytics":true},"text":"a","text_digest":"b"}`:  "/text_digest",
		`{"site":"shop","ids":{"user_id":"secret-1"},"categories":{"analytics":true},"text_digest":"00"}`:            "/text_digest",
		`{"site":"shop","ids":{"user_id":"secret-1"},"categories":{"analytics":true},"time":"2030-01-01T00:00:00Z"}`: "/time",
		`{"site":"shop","ids":{"user_id":"secret-1"},"categories":{"analytics":true},"more":1}`:                      "more",
		`{"site":"shop","ids":{"nothing":"secret-1"},"categories":{"analytics":true}}`:                               "nothing",
	} {
		if status, text := post(body); status != 422 || !strings.Contains(text, at) || strings.Contains(text, "secret-1") {
			t.Errorf("%s: %d %s", body, status, text)
		}
	}
	if len(a.vouched) != 2 {
		t.Error("something that is not right was handed over")
	}
}
