package load

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestTemplateIsFilledIn(t *testing.T) {
	hit := NewTemplate("POST /e?n=$serial\nHost: shop.example\nCookie: a=b\n\n" +
		`{"$$os":"x","n":$serial,"id":"$uuid","of":"$browser","h":"$hex","at":$ms}`)
	bodies := map[string]string{}
	for _, serial := range []uint64{7, 8, 150, 199, 200} {
		request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(hit.Append(nil, serial))))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(request.Body)
		if err != nil || request.Host != "shop.example" || request.Header.Get("Cookie") != "a=b" {
			t.Fatalf("%v, %+v", err, request)
		}
		bodies[request.URL.Query().Get("n")] = string(body)
	}
	member := func(serial, name string) string {
		_, rest, _ := strings.Cut(bodies[serial], `"`+name+`":`)
		value, _, _ := strings.Cut(strings.TrimSuffix(rest, "}"), ",")
		return strings.Trim(value, `"`)
	}
	if member("7", "n") != "7" || member("7", "$os") != "x" || len(member("7", "h")) != 16 ||
		len(member("7", "id")) != 36 {
		t.Error(bodies["7"])
	}
	if member("7", "id") == member("8", "id") || member("7", "h") == member("8", "h") ||
		member("7", "at") == member("8", "at") {
		t.Errorf("visitors are alike: %v", bodies)
	}
	if member("150", "of") != member("199", "of") || member("199", "of") == member("200", "of") {
		t.Errorf("fifty hits in a row are one browser's: %v", bodies)
	}
}

func TestTemplateWithoutBody(t *testing.T) {
	if got := string(NewTemplate("GET /x?$hex$serial\nHost: a").Append(nil, 5)); !strings.HasSuffix(
		got, "5 HTTP/1.1\r\nHost: a\r\n\r\n") {
		t.Errorf("%q", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("what does not exist is filled in")
		}
	}()
	NewTemplate("GET /$nothing")
}
