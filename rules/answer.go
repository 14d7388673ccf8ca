package rules

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// DeniedAnswer is what the SDK gets where nothing was forwarded; nil where the path is nobody's.
func (r *readState) DeniedAnswer() *catalog.AnswerFile {
	switch {
	case r.Route != nil:
		return r.Route.Endpoint.DeniedFor(r.Hit.Request.Query)
	case r.Owner == nil:
		return nil
	default:
		return r.neutral()
	}
}

// What a vendor's SDK gets for what this version does not know of it: all is well, and there is nothing. A browser
// would complain of a script or a style sheet that is none.
var (
	nothing  = catalog.AnswerFile{Status: 204}
	noScript = catalog.AnswerFile{Status: 200, Type: "text/javascript"}
	noStyle  = catalog.AnswerFile{Status: 200, Type: "text/css"}
)

// neutral chooses among them by what the browser wants it for (W3C Fetch Metadata), or by the path where it does not
// say. A worker is given nothing: an empty one would stay.
func (r *readState) neutral() *catalog.AnswerFile {
	q := &r.Hit.Request
	dest, _ := q.One("Sec-Fetch-Dest")
	unsaid := len(dest) == 0 && string(q.Method) == "GET"
	switch {
	case string(dest) == "script", unsaid && bytes.HasSuffix(q.Path, []byte(".js")):
		return &noScript
	case string(dest) == "style", unsaid && bytes.HasSuffix(q.Path, []byte(".css")):
		return &noStyle
	default:
		return &nothing
	}
}
