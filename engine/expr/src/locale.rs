//! Languages of dates: names of months and days, the order of a date, the first day of the week. Data only.

/// How a language writes dates.
#[derive(Debug)]
pub(crate) struct Locale {
    pub(crate) code: &'static str,
    /// January first, separated by spaces.
    pub(crate) months: &'static str,
    pub(crate) months_short: &'static str,
    /// Sunday first.
    pub(crate) days: &'static str,
    pub(crate) days_short: &'static str,
    /// What stands behind a number that counts places: `21st`, `21.`.
    pub(crate) ordinal: Ordinal,
    /// moment's `L`.
    pub(crate) date: &'static str,
    /// moment's `LL`.
    pub(crate) long_date: &'static str,
    /// Hours up to 12, with AM and PM.
    pub(crate) half_days: bool,
    pub(crate) monday_first: bool,
}

/// How a language marks the place in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ordinal {
    /// 1st, 2nd, 3rd, 4th.
    English,
    /// 1er, 2.
    French,
    /// The same sign behind every number.
    Sign(&'static str),
}

impl Ordinal {
    pub(crate) fn write(self, number: u32) -> String {
        let sign = match self {
            Self::English => match (number % 10, number % 100) {
                (_, 11..=13) => "th",
                (1, _) => "st",
                (2, _) => "nd",
                (3, _) => "rd",
                _ => "th",
            },
            Self::French => {
                if number == 1 {
                    "er"
                } else {
                    ""
                }
            }
            Self::Sign(sign) => sign,
        };
        format!("{number}{sign}")
    }
}

const ENGLISH: Locale = Locale {
    code: "en",
    months: "January February March April May June July August September October November December",
    months_short: "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    days: "Sunday Monday Tuesday Wednesday Thursday Friday Saturday",
    days_short: "Sun Mon Tue Wed Thu Fri Sat",
    ordinal: Ordinal::English,
    date: "MM/DD/YYYY",
    long_date: "MMMM D, YYYY",
    half_days: true,
    monday_first: false,
};

const EUROPEAN: Locale = Locale {
    date: "DD/MM/YYYY",
    long_date: "D MMMM YYYY",
    half_days: false,
    monday_first: true,
    ordinal: Ordinal::Sign("."),
    ..ENGLISH
};

/// The first one is what holds without a language.
pub(crate) static LOCALES: [Locale; 12] = [
    ENGLISH,
    Locale { code: "en-gb", ordinal: Ordinal::English, ..EUROPEAN },
    Locale {
        code: "de",
        months: "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        months_short: "Jan. Feb. März Apr. Mai Juni Juli Aug. Sep. Okt. Nov. Dez.",
        days: "Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag",
        days_short: "So. Mo. Di. Mi. Do. Fr. Sa.",
        date: "DD.MM.YYYY",
        long_date: "D. MMMM YYYY",
        ..EUROPEAN
    },
    Locale {
        code: "fr",
        months: "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        months_short: "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
        days: "dimanche lundi mardi mercredi jeudi vendredi samedi",
        days_short: "dim. lun. mar. mer. jeu. ven. sam.",
        ordinal: Ordinal::French,
        ..EUROPEAN
    },
    Locale {
        code: "es",
        months: "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        months_short: "ene. feb. mar. abr. may. jun. jul. ago. sep. oct. nov. dic.",
        days: "domingo lunes martes miércoles jueves viernes sábado",
        days_short: "dom. lun. mar. mié. jue. vie. sáb.",
        ordinal: Ordinal::Sign("º"),
        long_date: "D [de] MMMM [de] YYYY",
        ..EUROPEAN
    },
    Locale {
        code: "it",
        months: "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        months_short: "gen feb mar apr mag giu lug ago set ott nov dic",
        days: "domenica lunedì martedì mercoledì giovedì venerdì sabato",
        days_short: "dom lun mar mer gio ven sab",
        ordinal: Ordinal::Sign("º"),
        ..EUROPEAN
    },
    Locale {
        code: "nl",
        months: "januari februari maart april mei juni juli augustus september oktober november december",
        months_short: "jan. feb. mrt. apr. mei jun. jul. aug. sep. okt. nov. dec.",
        days: "zondag maandag dinsdag woensdag donderdag vrijdag zaterdag",
        days_short: "zo. ma. di. wo. do. vr. za.",
        ordinal: Ordinal::Sign("e"),
        date: "DD-MM-YYYY",
        ..EUROPEAN
    },
    Locale {
        code: "pt",
        months: "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        months_short: "jan fev mar abr mai jun jul ago set out nov dez",
        days: "domingo segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado",
        days_short: "dom seg ter qua qui sex sáb",
        ordinal: Ordinal::Sign("º"),
        long_date: "D [de] MMMM [de] YYYY",
        ..EUROPEAN
    },
    Locale {
        code: "pl",
        months: "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
        months_short: "sty lut mar kwi maj cze lip sie wrz paź lis gru",
        days: "niedziela poniedziałek wtorek środa czwartek piątek sobota",
        days_short: "ndz pon wt śr czw pt sob",
        date: "DD.MM.YYYY",
        ..EUROPEAN
    },
    Locale {
        code: "sv",
        months: "januari februari mars april maj juni juli augusti september oktober november december",
        months_short: "jan feb mar apr maj jun jul aug sep okt nov dec",
        days: "söndag måndag tisdag onsdag torsdag fredag lördag",
        days_short: "sön mån tis ons tor fre lör",
        ordinal: Ordinal::Sign(":e"),
        date: "YYYY-MM-DD",
        ..EUROPEAN
    },
    Locale {
        code: "da",
        months: "januar februar marts april maj juni juli august september oktober november december",
        months_short: "jan. feb. mar. apr. maj juni juli aug. sep. okt. nov. dec.",
        days: "søndag mandag tirsdag onsdag torsdag fredag lørdag",
        days_short: "søn man tir ons tor fre lør",
        date: "DD.MM.YYYY",
        long_date: "D. MMMM YYYY",
        ..EUROPEAN
    },
    Locale {
        code: "nb",
        months: "januar februar mars april mai juni juli august september oktober november desember",
        months_short: "jan. feb. mars apr. mai juni juli aug. sep. okt. nov. des.",
        days: "søndag mandag tirsdag onsdag torsdag fredag lørdag",
        days_short: "sø. ma. ti. on. to. fr. lø.",
        date: "DD.MM.YYYY",
        long_date: "D. MMMM YYYY",
        ..EUROPEAN
    },
];

/// By its code, capitals or not; `de-ch` and `de_CH` are `de` where there is nothing nearer.
pub(crate) fn find(name: &str) -> Option<&'static Locale> {
    let name = name.trim().replace('_', "-");
    let by_code = |code: &str| LOCALES.iter().find(|locale| locale.code.eq_ignore_ascii_case(code));
    by_code(&name).or_else(|| by_code(name.split('-').next().unwrap_or_default()))
}

/// The codes, for docs and hints.
pub(crate) fn codes() -> String {
    LOCALES.iter().map(|locale| locale.code).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_is_complete() {
        for locale in &LOCALES {
            for (names, count) in
                [(locale.months, 12), (locale.months_short, 12), (locale.days, 7), (locale.days_short, 7)]
            {
                assert_eq!(names.split(' ').count(), count, "{}: {names}", locale.code);
            }
        }
        assert_eq!(find("DE_ch").map(|locale| locale.code), Some("de"));
        assert!(find("tlh").is_none());
    }
}
