package rules_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// ofPersons are names of fields with data of a person, of each class in several languages, none of them one that a
// thing could have too.
var ofPersons = strings.Fields(`first_name customerLastName vorname nachname prénom nom_client apellidos cognome
	achternaam nazwisko sobrenome cardholder_name
	customer_id memberNo kundennummer KUNDENNR numero_client codigo_cliente codice_cliente klantnummer numer_klienta
	user.id
	contact_email e_mail_adresse courriel correo_electronico phone_number handynummer téléphone telefono_movil
	cellulare telefoonnummer telemóvel
	billing_address lieferanschrift adresse_facturation direccion_envio indirizzo_spedizione bezorgadres kod_pocztowy
	dateOfBirth geburtsdatum date_naissance fecha_nacimiento data_nascita geboortedatum data_urodzenia
	iban card_number kreditkartennummer password passwort motdepasse contraseña wachtwoord haslo senha ssn pesel dni
	religion konfession health_status krankheit grossesse embarazo salute ziekte ciąża gravidez sexual_orientation
	ethnicity gewerkschaft syndicat opinion_politica partei
	geschlecht latitude längengrad ip_address device_id anonymous_id marital_status`)

// ofNobody are names of fields that hold none.
var ofNobody = strings.Fields("colour stock_level shipping_tier product_type cabin_class artikelfarbe")

// freePlace is a "*" of a vendor's file: where it stands, and how a hit holds members there.
type freePlace struct {
	at    string
	field catalog.Field
	in    func(members map[string]string) any // nil where the place is not built here
}

// freePlaces lists each "*" of a table of fields, and of those inside them.
func freePlaces(fields map[string]catalog.Field) (all []freePlace) {
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		f := fields[path]
		wrap := nested(path)
		if strings.Contains(path, "*") {
			in := func(members map[string]string) any { return wrap(members) }
			if !strings.HasSuffix(path, ".*") && path != "*" { // a key of a form
				in = func(members map[string]string) any {
					form := url.Values{}
					for name, value := range members {
						form.Set(strings.Replace(path, "*", name, 1), value)
					}
					return form
				}
			}
			all = append(all, freePlace{path, f, in})
		}
		for _, inner := range freePlaces(f.Fields) {
			at := freePlace{at: path + " > " + inner.at, field: inner.field}
			switch {
			case f.Pairs == "[]":
				at.in = func(members map[string]string) any {
					lists := map[string]any{}
					for name, value := range members {
						lists[strconv.Itoa(len(lists))] = []string{name, value}
					}
					return wrap(lists)
				}
			case f.Pairs != "":
				at.in = func(members map[string]string) any {
					var list []any
					for name, value := range members {
						list = append(list, map[string]any{f.Pairs: name, "value": map[string]any{"stringValue": value}})
					}
					return nested(strings.TrimSuffix(path, "[]"))(list)
				}
			case slices.Contains(f.Open, "json"):
				at.in = func(members map[string]string) any { return wrap(marshalled(inner.in(members))) }
			case slices.Contains(f.Open, "base64+json"):
				at.in = func(members map[string]string) any {
					return wrap(base64.StdEncoding.EncodeToString([]byte(marshalled(inner.in(members)))))
				}
			case slices.Contains(f.Open, "item"):
				at.in = func(members map[string]string) any {
					item := "idS"
					for name, value := range members {
						n := strconv.Itoa(strings.Count(item, "~"))
						item += "~k" + n + name + "~v" + n + value
					}
					return url.Values{strings.Replace(path, "{n}", "1", 1): {item}}
				}
			case slices.Contains(f.Open, "elements_chain"):
				at.in = func(members map[string]string) any { return wrap("a:" + attributes(inner.in(members))) }
			case len(f.Open) == 0:
				at.in = func(members map[string]string) any { return wrap(inner.in(members)) }
			}
			all = append(all, at)
		}
	}
	return all
}

// attributes writes members as attributes of an element.
func attributes(v any) string {
	var text strings.Builder
	switch v := v.(type) {
	case []any:
		return attributes(v[0])
	case url.Values:
		for name := range v {
			text.WriteString(name + `="` + v.Get(name) + `"`)
		}
	case map[string]string:
		for name, value := range v {
			text.WriteString(name + `="` + value + `"`)
		}
	}
	return text.String()
}

func marshalled(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// nested puts a value at the place of a path, without its "*".
func nested(path string) func(v any) any {
	path = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(path, "?"), "*"), ".")
	return func(v any) any {
		segments := strings.Split(path, ".")
		for _, s := range slices.Backward(segments) {
			for strings.HasSuffix(s, "[]") {
				s, v = strings.TrimSuffix(s, "[]"), []any{v}
			}
			if s != "" {
				v = map[string]any{s: v}
			}
		}
		return v
	}
}

// tables lists the tables of fields of a vendor's file.
func tables(f *catalog.File) map[string]map[string]catalog.Field {
	all := map[string]map[string]catalog.Field{"fields": f.Fields, "request": f.Request}
	for i := range f.Endpoints {
		all["endpoints."+f.Endpoints[i].ID+".fields"] = f.Endpoints[i].Fields
		all["endpoints."+f.Endpoints[i].ID+".request"] = f.Endpoints[i].Request
	}
	return all
}

// TestNamesAreAskedAtEveryWildcard: at each "*" of each vendor, under a profile on consent that lets through whatever
// is no person's, nothing passes whose name says that it is one's; and what names say nothing of passes where the class
// does. A "*" that does not ask says why.
func TestNamesAreAskedAtEveryWildcard(t *testing.T) {
	t.Parallel()
	personal := []hit.Class{
		hit.PersonName, hit.UserID, hit.Email, hit.Phone, hit.PostalAddress, hit.BirthDate, hit.Gender, hit.Credential,
		hit.Sensitive, hit.PreciseGeo,
		hit.IP, hit.DeviceID, hit.ClientID, hit.AdvertisingID, hit.ExternalID, hit.UserTrait, hit.Cookie, hit.SessionID,
		hit.Fingerprint,
	}
	classes := map[string]minimise.Spec{"custom": {Kind: minimise.Scrub}}
	for c := hit.Unknown + 1; c < hit.NumClasses; c++ {
		if c != hit.Custom && !slices.Contains(personal, c) && c != hit.URL && c != hit.Referrer {
			classes[c.String()] = keep
		}
	}
	asked, passed := 0, 0
	for _, id := range catalog.BuiltinIDs() {
		f, _ := catalog.Builtin(id)
		for table, fields := range tables(f) {
			for _, place := range freePlaces(fields) {
				at := id + ": " + table + "." + place.at
				if names := place.field.Names; names != nil && !*names {
					if place.field.About == "" {
						t.Errorf("%s: names: false, and about: does not say why", at)
					}
					continue
				}
				if place.in == nil || len(place.field.Open) > 0 {
					t.Errorf("%s: is not built here", at)
					continue
				}
				asked++
				passed += nobodyPasses(t, at, fields, &place, classes)
			}
		}
	}
	t.Logf("%d places, %d names of nobody passed", asked, passed)
	if asked < 150 || passed < 300 {
		t.Error("too few to show anything")
	}
}

// nobodyPasses sends members of all names at a place, and counts those of nobody that pass.
func nobodyPasses(t *testing.T, at string, fields map[string]catalog.Field, place *freePlace,
	classes map[string]minimise.Spec) (passed int) {
	t.Helper()
	members, values := map[string]string{}, map[string]string{}
	for i, name := range slices.Concat(ofPersons, ofNobody) {
		members[name] = "quarz" + strconv.Itoa(i) + "fels"
		values[members[name]] = name
	}
	body, text := "json", ""
	switch v := place.in(members).(type) {
	case url.Values:
		body, text = "form", v.Encode()
	default:
		text = `{"known":1,` + marshalled(v)[1:]
	}
	optional := map[string]catalog.Field{"known": {Class: "technical"}}
	for name, f := range fields {
		f.Required = false
		optional[strings.TrimPrefix(name, "?")] = f
	}
	d := draft(rung("a", basis.Consent, func(a *rules.DraftActivity) { a.Vendor, a.Profile = "own", "open" }))
	d.Profiles = append(d.Profiles, rules.DraftProfile{ID: "open", Classes: classes})
	d.Vendors = []rules.DraftVendor{{ID: "own", Prefix: "/own", Catalog: &catalog.File{
		ID: "own", Name: "Own", Country: "DE", Hosts: map[string]string{"api": "https://own.example"}, Fields: optional,
		Event: []catalog.NameRule{{Is: "x"}},
		Endpoints: []catalog.EndpointFile{{
			ID: "e", Methods: []string{"POST"}, Path: "/e", Body: []string{body}, Events: []string{"body"},
			Answer: catalog.AnswerFile{Status: 204},
		}},
	}}}
	p, err := rules.Compile(d)
	if err != nil {
		t.Errorf("%s: %v", at, err)
		return 0
	}
	x := explain(t, p, request(t, "POST /e HTTP/1.1\n\n"+text, "own", yes))
	if len(x.Events) != 1 || x.Events[0].Decision != "permit" {
		t.Errorf("%s: no event: %+v", at, x)
		return 0
	}
	var left []string
	if x.Forward != nil {
		left = textsOf(t, x)
	}
	all := strings.Join(left, "\n")
	for value, name := range values {
		holds := strings.Contains(all, value)
		switch nobody := slices.Contains(ofNobody, name); {
		case holds && !nobody:
			t.Errorf("%s: %s passes", at, name)
		case holds:
			passed++
		case nobody && (place.field.Class == "custom" || place.field.Class == "product"):
			t.Errorf("%s: %s is gone", at, name)
		}
	}
	return passed
}
