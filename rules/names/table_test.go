package names_test

import (
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/names"
)

// TestHoweverItIsWritten: capitals, marks, accents and digits change nothing; a name's parts decide, and what stands
// before them.
func TestHoweverItIsWritten(t *testing.T) {
	table := names.New()
	for want, list := range map[string][]string{
		"user_id": {
			"kundennummer", "Kundennummer", "KUNDENNUMMER", "kunden_nummer", "kundenNummer", "kunden-nummer", "kunden nummer",
			"kunden.nummer",
			"Kunden[Nummer]", "$kundennummer", "kundennummer2", "cd[kundennummer]", "kundennr", "KUNDENNR", "ｋｕｎｄｅｎｎｕｍｍｅｒ",
			"user:id", "userIDs", "UserId", "USER_ID", "data-user-id", "custom_fields.customer.id", "numéro_client",
			"NUMÉRO_CLIENT", "numero du client",
		},
		"person_name": {"prénom", norm.NFD.String("prénom"), "PRÉNOM", "prenom", "imię", norm.NFD.String("imię"), "IMIĘ",
			"customerFirstName", "HTTPFirstName", "soft\u00adhyphen\u200bFirst\u200bName"},
		"phone":       {"teléfono", norm.NFD.String("teléfono"), "TelefonPrivat", "billing_phone"},
		"gender":      {"płeć", "PŁEĆ", norm.NFD.String("płeć")},
		"precise_geo": {"Längengrad", norm.NFD.String("Längengrad"), "laengengrad", "langengrad", "LÄNGENGRAD"},
		"postal_address": {
			"straße", "STRASSE", "Straße_1", "billing_address", "street_address",
		},
		"email": {"email", "eMail", "e-mail", "email_address", "EMAIL_2"},
		"ip":    {"ip_address", "IPAddress", "ip"},
		"sensitive": {"religion", "has_diabetes", "pregnancy_status", "religionszugehörigkeit", "Religionszugehoerigkeit",
			"religionszugehorigkeit"},
		"birth_date": {"dateOfBirth", "date_of_birth", "DOB"},
		"unknown": {
			"", "_", "1", "产品", "имя_товара", "product_name", "event_name", "page_name", "file name", "filename", "order",
			"email_opt_in", "phone_model",
			"mobile_os", "address_type", "birthday_campaign", "item id", "product_id", "name_of_product", "\xff\xfe",
			strings.Repeat("x", 200),
		},
		"transaction_id": {"order_id", "orderNumber", "bestellnummer"},
	} {
		for _, name := range list {
			for range 2 { // read, and remembered
				if got := table.Class(nil, []byte(name), false); got.String() != want {
					t.Errorf("%q is %v, want %s", name, got, want)
				}
			}
		}
	}
}

// TestWhatItIsInCounts: the object's name stands before that of the member.
func TestWhatItIsInCounts(t *testing.T) {
	table := names.New()
	for _, c := range []struct {
		parent, name string
		holds        bool
		want         hit.Class
	}{
		{"user", "id", false, hit.UserID}, {"users", "id", false, hit.UserID}, {"product", "id", false, hit.Unknown}, {"",
			"id", false, hit.Unknown},
		{"passenger", "birthday", false, hit.BirthDate}, {"customer", "name", false, hit.PersonName}, {"shipping", "phone",
			false, hit.Phone},
		{"items", "name", false, hit.Unknown}, {"items", "first_name", false, hit.PersonName}, {"items", "title", false,
			hit.Unknown},
		{"properties", "name", false, hit.PersonName}, {"event_properties", "name", false, hit.PersonName},
		{"user_properties", "id", false, hit.UserID},
		{"device", "id", false, hit.DeviceID}, {"card", "number", false, hit.Credential}, {"store", "city", false,
			hit.Unknown},
		{"", "customer", false, hit.UserID}, {"", "customer", true, hit.Unknown}, {"", "address", true, hit.PostalAddress},
		{"ep.customer", "no", false, hit.UserID}, {"cd[customer]", "no", false, hit.UserID}, {"page", "title", false,
			hit.PageTitle},
	} {
		if got := table.Class([]byte(c.parent), []byte(c.name), c.holds); got != c.want {
			t.Errorf("%s.%s, holds %t: %v, want %v", c.parent, c.name, c.holds, got, c.want)
		}
	}
}

// TestManyAsk: what is remembered is what is read, whoever asks at the same time.
func TestManyAsk(t *testing.T) {
	t.Parallel()
	shared := names.New()
	var all []string
	for _, file := range []string{"persons.txt", "others.txt"} {
		for _, s := range corpus(t, file) {
			all = append(all, s.name)
		}
	}
	want := map[string]hit.Class{}
	for _, name := range all {
		want[name] = of(names.New(), name)
		if len(want) == 200 {
			break
		}
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 20 {
				for name, c := range want {
					if got := of(shared, name); got != c {
						t.Errorf("%s is %v, and is %v where it is asked alone", name, got, c)
					}
				}
			}
		})
	}
	wait.Wait()
}

// TestAllocateNothing: neither a name that is remembered nor one that is new costs memory.
func TestAllocateNothing(t *testing.T) {
	table := names.New()
	name := []byte("numero_client_0000000")
	n := 0
	if got := testing.AllocsPerRun(10_000, func() {
		n++
		name[len(name)-1-n%7] = byte('a' + n%26)
		table.Class([]byte("properties"), name, false)
	}); got != 0 {
		t.Errorf("%v allocations a name", got)
	}
}

// TestTheTableIsWhole: it is read without a fault, and says something of each class that fields of persons have.
func TestTheTableIsWhole(t *testing.T) {
	for c := range ofPersons {
		if !names.Says(c) {
			t.Errorf("no name says %v", c)
		}
	}
	if names.Says(hit.Recording) || names.Says(hit.NumClasses) {
		t.Error("names say what none does")
	}
	if labels := names.Labels(); len(labels) < 100 || len(labels) > 255 {
		t.Errorf("%d labels of persons' names", len(labels))
	}
}

// TestNumbersOfNothing: what is called a number alone, below what says nothing, is nobody's in particular, and is read.
func TestNumbersOfNothing(t *testing.T) {
	t.Parallel()
	table, said := names.New(), 0
	for _, parent := range []string{"", "variables", "event_properties", "x", "user", "account"} {
		for _, name := range []string{"uid", "id", "ids", "uids", "number", "no", "nr", "uuid", "guid", "u_id", "id_no", "_",
			"user", "account_id"} {
			for _, holds := range []bool{false, true} {
				if c, _ := table.Read([]byte(parent), []byte(name), holds); c != hit.Unknown {
					said++
				}
			}
		}
	}
	if said == 0 {
		t.Error("no name says anything")
	}
}

func FuzzClass(f *testing.F) {
	for _, name := range []string{"kundennummer", "customerFirstName", "a\u0308\u0308", "ß", "IPAddress", "\xff", "ǅ",
		"numero_du_client"} {
		f.Add("user", name)
	}
	table := names.New()
	f.Add("variables", "uid")
	f.Fuzz(func(t *testing.T, parent, name string) {
		for _, holds := range []bool{false, true} {
			first := table.Class([]byte(parent), []byte(name), holds)
			if again := table.Class([]byte(parent), []byte(name), holds); again != first || first >= hit.NumClasses {
				t.Errorf("%v, then %v", first, again)
			}
		}
	})
}

func BenchmarkClass(b *testing.B) {
	table := names.New()
	b.Run("remembered", func(b *testing.B) {
		for b.Loop() {
			table.Class([]byte("properties"), []byte("customer_first_name"), false)
		}
	})
	b.Run("new", func(b *testing.B) {
		name := []byte("customer_first_name_aaaaaaaa")
		for n := 0; b.Loop(); n++ {
			for k, v := 0, n; k < 8; k, v = k+1, v/26 {
				name[len(name)-1-k] = byte('a' + v%26)
			}
			table.Class([]byte("properties"), name, false)
		}
	})
}
