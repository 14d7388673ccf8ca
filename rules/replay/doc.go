// Package replay reads recorded traffic, HTTP Archives and the JSON lines of captures, as requests. It is handed
// readers and opens nothing. It promises that a request's bytes are those that were recorded, framed by their length.
package replay
