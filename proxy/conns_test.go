package proxy_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// TestARequestTakesNoMoreBytesThanOneMay: what a parser skips is read no further than what it keeps.
func TestARequestTakesNoMoreBytesThanOneMay(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	head := "POST /t/segment/v1/t HTTP/1.1\r\nHost: shop.example\r\n" + yes + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
	for name, text := range map[string]string{
		"an extension of 8 MiB": head + "1;" + strings.Repeat("a", 8<<20),
		"8 MiB of small chunks": head + strings.Repeat("1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n{\r\n", 120_000),
	} {
		if a := r.try(t, text); a != nil && (a.Status != 413 || !a.Close) {
			t.Errorf("%s: %s", name, a.Raw)
		}
	}
	if got := r.figure(t, `tagwarden_hits_total{reason="limit"}`); got != "2" {
		t.Errorf("%s counted", got)
	}
	// On one connection each request has what it may take.
	c, err := rawhttp.Dial(r.hits)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	hit := post("/t/segment/v1/t", yes+"Content-Type: application/json\r\n", `{"type":"track","event":"x","anonymousId":"`+strings.Repeat("a", 60<<10)+`"}`)
	for i := range 8 {
		if err := c.Send(hit); err != nil {
			t.Fatal(err)
		}
		if a, err := c.Answer("POST"); err != nil || a.Status != 200 {
			t.Fatalf("request %d: %v, %v", i, a, err)
		}
	}
}

// TestConnectionsOfOneAddress: one address cannot take all connections there are, unless it is a trusted proxy's.
func TestConnectionsOfOneAddress(t *testing.T) {
	v := standIn(t)
	for trusted, want := range map[string]bool{"192.0.2.0/24": false, "127.0.0.0/8": true} {
		r := start(t, shop(t, v.Addr(), map[string]string{"tagwarden.yaml": strings.Replace(shopFiles["tagwarden.yaml"], "192.0.2.0/24", trusted, 1)}))
		var open []*rawhttp.Conn
		for range 256 {
			c, err := rawhttp.Dial(r.hits)
			if err != nil {
				t.Fatal(err)
			}
			open = append(open, c)
			if err := c.Send(get("/nothing", "")); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Answer("GET"); err != nil {
				t.Fatal(err)
			}
		}
		if a := r.try(t, get(pageView, yes)); (a != nil) != want {
			t.Errorf("trusted %s: the next one is answered with %+v", trusted, a)
		}
		for _, c := range open {
			_ = c.Close()
		}
		until(t, "a place is free again", func() bool { return r.try(t, get(pageView, yes)) != nil })
	}
}
