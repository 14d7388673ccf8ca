package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"go.yaml.in/yaml/v3"
)

// description describes every call of the admin listener, as OpenAPI 3.1 has it.
//
//go:embed openapi.yaml
var description []byte

// Description is what describes every call of the admin listener: OpenAPI 3.1, in JSON.
var Description = sync.OnceValue(func() []byte {
	var all map[string]any
	if err := yaml.Unmarshal(description, &all); err != nil {
		panic(fmt.Sprintf("BUG: the description of the API is no YAML: %v", err))
	}
	delete(all, "x-answers") // what the file says once, and calls have in common
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("BUG: the description of the API is no JSON: %v", err))
	}
	return append(text, '\n')
})

// openAPI describes the API: GET /openapi.json. It holds nothing secret: no token is needed.
func openAPI(_ *handler, w http.ResponseWriter, r *http.Request, _ caller) error {
	if err := parametersOf(r).problem(); err != nil {
		return err
	}
	send(w, "application/json", Description())
	return nil
}
