package minimise

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// place is what a segment of a path announces: what the segment behind it stands for.
type place uint8

const (
	noPlace     place = iota
	personPlace       // a person or an account, but for the pages that stand there too
	codePlace         // a booking, an order or a case: its number or code
	secretPlace       // a way in, such as an invitation or the reset of a password
)

// places are what sites call them in the languages that detectors know, without accents and in the form that addresses
// have.
var places = func() map[string]place {
	all := map[string]place{}
	for p, words := range map[place][]string{
		personPlace: {
			"user", "users", "u", "profile", "profiles", "member", "members", "customer", "customers", "people", "contact",
			"contacts", "patient", "patients", "client", "clients", "person", "persons", "employee", "employees", "~",
			"account", "accounts", "guest", "guests", "participant", "participants", "username", "student", "students",
			"candidate", "candidates", "applicant",
			"kunde", "kunden", "kundin", "profil", "profile", "mitglied", "mitglieder", "benutzer", "nutzer", "konto", "konten",
			"patientin", "kundenkonto", "benutzerkonto", "benutzerprofil", "teilnehmer", "bewerber", "bewerberin", "bewerbung",
			"mitarbeiter", "gast",
			"compte", "comptes", "utilisateur", "utilisateurs", "membre", "membres", "clientes", "candidat", "profils",
			"usuario", "usuarios", "perfil", "perfiles", "cuenta", "cuentas", "cliente", "miembro", "miembros", "paciente",
			"utente", "utenti", "profilo", "profili", "clienti", "paziente", "membro", "membri", "soci", "socio",
			"gebruiker", "gebruikers", "profiel", "profielen", "klant", "klanten", "lid", "leden", "rekening",
			"uzytkownik", "uzytkownicy", "użytkownik", "klient", "klienci", "czlonek", "członek", "pacjent",
			"utilizador", "utilizadores", "usuários", "usuário", "perfis", "conta", "contas", "membros", "utente-area",
		},
		codePlace: {
			"booking", "bookings", "reservation", "reservations", "order", "orders", "ticket", "tickets", "trip", "trips",
			"case", "cases", "invoice", "invoices", "claim", "claims", "itinerary", "pnr", "tracking", "track", "return",
			"returns", "shipment", "voucher", "checkin", "check-in", "appointment", "appointments", "contract",
			"buchung", "buchungen", "reservierung", "bestellung", "bestellungen", "rechnung", "rechnungen", "vorgang", "auftrag",
			"fall", "reise", "termin", "vertrag", "sendung", "schaden", "antrag", "gutschein",
			"commande", "commandes", "facture", "factures", "billet", "billets", "dossier", "colis", "voyage", "réservation",
			"reserva", "reservas", "pedido", "pedidos", "factura", "facturas", "billete", "viaje", "expediente", "cita",
			"prenotazione", "prenotazioni", "ordine", "ordini", "fattura", "biglietto", "viaggio", "pratica",
			"boeking", "boekingen", "bestelling", "bestellingen", "reservering", "factuur", "kaartje", "reis", "zaak",
			"afspraak", "zending",
			"rezerwacja", "rezerwacje", "zamowienie", "zamówienie", "zamowienia", "faktura", "bilet", "sprawa", "przesylka",
			"encomenda", "encomendas", "fatura", "bilhete", "viagem", "processo",
		},
		secretPlace: {
			"reset", "verify", "confirm", "activate", "invite", "invites", "invitation", "invitations", "unsubscribe", "magic",
			"magic-link", "token", "password-reset", "reset-password", "share", "s", "auth", "optout", "opt-out", "verification",
			"join", "rsvp", "referral", "ref", "gift",
			"einladung", "einladungen", "passwort-zuruecksetzen", "passwort-zurücksetzen", "zuruecksetzen", "zurücksetzen",
			"abmelden", "bestaetigen", "bestätigen", "aktivieren", "freigabe", "teilen",
			"reinitialiser", "réinitialiser", "reinitialisation", "desabonnement", "désabonnement", "confirmer", "activer",
			"invitacion", "invitación", "restablecer", "confirmar", "activar", "compartir", "baja",
			"invito", "inviti", "ripristina", "reimposta", "conferma", "attiva", "condividi", "disiscrizione",
			"uitnodiging", "uitnodigingen", "herstellen", "bevestigen", "activeren", "delen", "afmelden", "uitschrijven",
			"zaproszenie", "zaproszenia", "resetuj", "reset-hasla", "potwierdz", "aktywuj", "udostepnij", "wypisz",
			"convite", "convites", "redefinir", "ativar", "partilhar", "cancelar-subscricao",
		},
	} {
		for _, w := range words {
			all[w] = p
		}
	}
	return all
}()

// pageWords are what pages are called that stand behind a place. A segment of nothing but such words is a page.
var pageWords = func() map[string]bool {
	all := map[string]bool{}
	for _, w := range []string{
		"login", "logout", "signin", "sign", "in", "up", "out", "signup", "register", "registration",
		"settings", "edit", "new",
		"me", "password", "orders", "order", "search", "list", "preferences", "reset", "all", "index", "index.html", "us",
		"form", "thanks", "thank", "you", "home", "dashboard", "profile", "account", "my", "your",
		"create", "delete", "update",
		"change", "forgot", "address", "addresses", "payment", "payments", "methods", "billing", "subscription",
		"subscriptions", "security", "notifications", "invoices", "returns", "downloads", "wishlist",
		"favorites", "favourites",
		"rewards", "points", "loyalty", "overview", "details", "privacy", "history", "saved", "cards",
		"support", "help", "faq",
		"contact", "members", "area", "service", "services", "view", "show", "detail", "status", "stories", "reviews",
		"portal", "info", "about", "benefits",
		"anmelden", "abmelden", "registrieren", "registrierung", "einstellungen", "bearbeiten",
		"bestellungen", "meine", "mein",
		"passwort", "vergessen", "aendern", "ändern", "werden", "adressen", "adresse", "zahlungsarten", "merkliste",
		"wunschliste", "uebersicht", "übersicht", "rechnungen", "daten", "hilfe", "kontakt", "neu", "suche", "vorteile",
		"anzeigen", "ansehen", "kuendigen", "kündigen", "werben", "loeschen", "löschen", "erstellen",
		"connexion", "deconnexion", "inscription", "commandes", "modifier", "creer", "créer", "mes", "mon", "ma", "mot", "de",
		"passe", "oublie", "oublié", "adresses", "parametres", "paramètres", "factures", "favoris",
		"aide", "compte", "profil",
		"pedidos", "registro", "acceder", "entrar", "salir", "editar", "mis", "mi", "datos", "direcciones", "contrasena",
		"contraseña", "ajustes", "facturas", "favoritos", "ayuda", "crear", "iniciar", "sesion", "sesión", "cerrar",
		"accedi", "registrati", "modifica", "ordini", "miei", "mio", "i", "il", "indirizzi", "impostazioni", "fatture",
		"preferiti", "aiuto", "crea", "esci", "dati",
		"inloggen", "uitloggen", "aanmelden", "bewerken", "bestellingen", "mijn", "gegevens", "wachtwoord", "vergeten",
		"adresgegevens", "instellingen", "facturen", "verlanglijst", "worden", "maken",
		"logowanie", "rejestracja", "edytuj", "zamowienia", "moje", "dane", "haslo", "adresy", "ustawienia", "faktury",
		"ulubione", "pomoc", "wyloguj", "utworz",
		"registar", "registo", "cadastro", "encomendas", "meus", "minha", "os", "dados", "enderecos", "endereços", "senha",
		"definicoes", "faturas", "ajuda", "sair", "criar", "conta", "perfil",
	} {
		all[w] = true
	}
	return all
}()

// stepWords are what a number of one or two digits stands behind that is no code: "step-2", "seite-3".
var stepWords = map[string]bool{
	"step": true, "schritt": true, "etape": true, "étape": true, "paso": true, "passo": true, "stap": true, "krok": true,
	"page": true, "seite": true, "pagina": true, "strona": true, "part": true, "teil": true, "v": true, "oauth": true,
	"saml": true, "version": true, "day": true, "tag": true, "top": true, "level": true,
}

// maxPlace is the length of the longest word of places and pages, in bytes.
const maxPlace = 24

// lowered writes a short text in lower case; empty where it is too long for any word.
func lowered(buf *[maxPlace]byte, b []byte) []byte {
	if len(b) > len(buf) {
		return nil
	}
	for i, c := range b {
		buf[i] = ascii.Lower(c)
	}
	return buf[:len(b)]
}

// maybePlace has a bit for each first and last letter and length that a word of places has: most segments are none.
var maybePlace = func() (maybe [1024]bool) {
	for w := range places {
		maybe[sketch([]byte(w))] = true
	}
	return maybe
}()

func sketch(b []byte) int {
	return int(b[0]&31)<<5 ^ int(b[len(b)-1]&31)<<2 ^ len(b)
}

// placeOf tells what a decoded segment announces: by all of it, or by the last of its parts, as in "my-account".
func placeOf(b []byte) place {
	if p := placeNamed(b); p != noPlace {
		return p
	}
	for i := len(b) - 1; i > 0; i-- {
		if b[i] == '-' || b[i] == '_' {
			return placeNamed(b[i+1:])
		}
	}
	return noPlace
}

func placeNamed(b []byte) place {
	if len(b) == 0 || len(b) > maxPlace || !maybePlace[sketch(b)] {
		return noPlace
	}
	var buf [maxPlace]byte
	return places[string(lowered(&buf, b))]
}

// next tells what a segment that may stay announces: what it is called, or what the one in front of it does, where it
// is a page between a place and its code, as in "/reset/password/A1b".
func (p place) next(b []byte) place {
	if of := placeOf(b); of != noPlace || p != codePlace && p != secretPlace || !isPage(b) {
		return of
	}
	return p
}

// named says what a segment is that has its place in front, "user:jane" or
// "order=A7", or a tilde; "" where it may stay.
func named(b []byte) string {
	if len(b) > 1 && b[0] == '~' && ascii.IsLetter(b[1]) {
		return ":id"
	}
	for i, c := range b {
		if (c == ':' || c == '=') && i > 0 && i < len(b)-1 {
			return placeOf(b[:i]).behind(b[i+1:])
		}
	}
	return ""
}

// isPage tells whether a decoded segment is a page: nothing but words that pages are called.
func isPage(b []byte) bool {
	var buf [maxPlace]byte
	if pageWords[string(lowered(&buf, b))] {
		return true
	}
	for len(b) > 0 {
		end := bytes.IndexAny(b, "-_")
		word := b
		if end >= 0 {
			word, b = b[:end], b[end+1:]
		} else {
			b = nil
		}
		if !pageWords[string(lowered(&buf, word))] {
			return false
		}
	}
	return true
}

// isStep tells whether a decoded segment is a step or a version: one of stepWords and at most two digits.
func isStep(b []byte) bool {
	n := len(b)
	for n > 0 && ascii.IsDigit(b[n-1]) && len(b)-n < 2 {
		n--
	}
	var buf [maxPlace]byte
	return n < len(b) && stepWords[string(lowered(&buf, bytes.TrimRight(b[:n], "-_")))]
}

// behind says what a decoded segment is by the place in front of it; "" where it may stay.
func (p place) behind(b []byte) string {
	switch p {
	case personPlace:
		if !isPage(b) {
			return ":id"
		}
	case codePlace:
		if mixed(b) && !isStep(b) {
			return ":id"
		}
	case secretPlace:
		if mixed(b) && !isStep(b) {
			return ":token"
		}
	case noPlace:
	}
	return ""
}
