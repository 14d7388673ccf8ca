package delivery

import (
	"github.com/tidwall/gjson"
	"github.com/valyala/fasthttp"
)

// taken reads from a vendor's answer whether it took what it was sent, where the vendor says that there and not by the
// status. An answer that does not speak of it is taken at its status.
func taken(e *Event, answer *fasthttp.Response) Outcome {
	status := answer.StatusCode()
	if e.Taken == "" {
		return delivered(status, WhyOK)
	}
	count := gjson.GetBytes(answer.Body(), e.Taken)
	switch {
	case count.Type != gjson.Number || count.Num >= float64(e.Count):
		return delivered(status, WhyOK)
	case count.Num <= 0:
		return dropped(status, WhyNoneTaken)
	default:
		return delivered(status, WhySomeTaken)
	}
}
