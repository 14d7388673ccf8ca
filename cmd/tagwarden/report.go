package main

import (
	"context"

	"github.com/tagwarden/tagwarden/config/notice"
)

func report(_ context.Context, t *terminal, args []string) int {
	f := t.flags("report", "art30 --config FILE [--format csv|html] [--at TIME]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	form := choice(f, "format", []string{"csv", "html"})
	moment := f.String("at", "", "the time that it is for, RFC 3339; now, where it is not given")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) != 1 || rest[0] != "art30" {
		t.fail("which report? There is art30, the record of processing")
		return usage
	}
	at, ok := t.at(*moment)
	if !ok {
		return usage
	}
	loaded, code := t.knowing(*file)
	if loaded == nil {
		return code
	}
	if missing := loaded.Lacks(func(string) bool { return true }); len(missing) > 0 {
		return t.lacks(missing)
	}
	t.warnOfInvented(&loaded.Server.Controller)
	record := notice.Art30(loaded, at)
	if *form == "csv" {
		_, _ = t.document().Write(record.CSV())
		return fine
	}
	page, err := record.HTML()
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	_, _ = t.document().Write(page)
	return fine
}
