package visitor

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"github.com/valyala/fasthttp"
)

// oneClick tells whether a mail program sent what RFC 8058 (section 3.1) says: List-Unsubscribe=One-Click, in either
// form's coding. Some end the body with a line end, which is no part of the value.
func oneClick(ctx *fasthttp.RequestCtx) bool {
	const name, value = "List-Unsubscribe", "One-Click"
	kind, parameters, err := mime.ParseMediaType(string(ctx.Request.Header.Peek("Content-Type")))
	body := ctx.PostBody()
	switch {
	case err != nil || len(body) > longestForm:
		return false
	case kind == "application/x-www-form-urlencoded":
		return string(bytes.TrimSpace(ctx.PostArgs().Peek(name))) == value
	case kind != "multipart/form-data" || parameters["boundary"] == "":
		return false
	}
	for parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"]); ; {
		part, err := parts.NextPart()
		if err != nil {
			return false
		}
		if part.FormName() != name {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(part, 64))
		return err == nil && strings.TrimSpace(string(text)) == value
	}
}
