//! Data of products and services: which fields belong to which type, and what they may say.

use super::model::{ContentType, Entity};
use super::rules::MAX_PARTS;
use crate::api::validate::Check;

/// Active codes of ISO 4217, without funds and metals.
const CURRENCIES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD \
    CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG \
    HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK \
    MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD \
    SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND \
    VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

/// Checks the entity of content of a type.
pub fn check(entity: &Entity, content_type: ContentType, check: &mut Check) {
    let product = content_type == ContentType::Product;
    let service = content_type == ContentType::Service;
    for (field, given, allowed) in [
        ("price", entity.price.is_some(), product || service),
        ("currency", entity.currency.is_some(), product || service),
        ("brand", entity.brand.is_some(), product),
        ("sku", entity.sku.is_some(), product),
        ("gtin", entity.gtin.is_some(), product),
        ("availability", entity.availability.is_some(), product),
        ("rating_value", entity.rating_value.is_some(), product || service),
        ("rating_count", entity.rating_count.is_some(), product || service),
        ("area", entity.area.is_some(), service),
        ("price_range", entity.price_range.is_some(), service),
        ("gallery", !entity.gallery.is_empty(), product || service),
    ] {
        check.that(
            !given || allowed,
            &format!("entity.{field}"),
            "does not belong to this content type",
        );
    }
    if let Some(price) = &entity.price {
        check.that(
            is_price(price),
            "entity.price",
            "must be a decimal amount such as 12.50",
        );
    }
    check.that(
        entity.price.is_some() == entity.currency.is_some(),
        "entity.currency",
        "must come together with the price",
    );
    if let Some(currency) = &entity.currency {
        check.that(
            currency.len() == 3 && CURRENCIES.split(' ').any(|code| code == currency),
            "entity.currency",
            "must be a code of ISO 4217 such as EUR",
        );
    }
    if let Some(gtin) = &entity.gtin {
        check.that(
            is_gtin(gtin),
            "entity.gtin",
            "must be 8, 12, 13 or 14 digits with a valid check digit",
        );
    }
    check.that(
        entity.rating_value.is_none_or(|value| (0.0..=5.0).contains(&value)),
        "entity.rating_value",
        "must be between 0 and 5",
    );
    check.that(
        entity
            .rating_count
            .is_none_or(|count| (0..=1_000_000_000).contains(&count)),
        "entity.rating_count",
        "must be 0 or more",
    );
    for (field, value) in [
        ("brand", &entity.brand),
        ("sku", &entity.sku),
        ("area", &entity.area),
        ("price_range", &entity.price_range),
    ] {
        if let Some(value) = value {
            check.text(&format!("entity.{field}"), value, 1, 200);
        }
    }
    check.that(
        entity.gallery.len() <= MAX_PARTS,
        "entity.gallery",
        format!("must be at most {MAX_PARTS}"),
    );
}

fn is_price(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    digits(whole, 12) && digits(fraction, 4) && (whole == "0" || !whole.starts_with('0'))
}

fn is_gtin(text: &str) -> bool {
    if !matches!(text.len(), 8 | 12 | 13 | 14) || !text.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    // From the right the digits count once and three times in turn; a valid number adds up to a multiple of ten.
    let sum: u32 = text
        .bytes()
        .rev()
        .enumerate()
        .map(|(n, b)| u32::from(b - b'0') * if n % 2 == 0 { 1 } else { 3 })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices() {
        for good in ["0", "0.99", "12.50", "999999999999.9999"] {
            assert!(is_price(good), "{good}");
        }
        for bad in ["", ".", "1.", ".5", "-1", "1,50", "1e3", "01", "1.23456", "NaN", "٣"] {
            assert!(!is_price(bad), "{bad}");
        }
    }

    #[test]
    fn trade_numbers() {
        for good in ["4006381333931", "96385074", "036000291452"] {
            assert!(is_gtin(good), "{good}");
        }
        for bad in ["4006381333932", "123", "400638133393a", ""] {
            assert!(!is_gtin(bad), "{bad}");
        }
    }

    #[test]
    fn fields_belong_to_types() {
        let wrong = |entity: &Entity, of: ContentType| {
            let mut found = Check::new();
            check(entity, of, &mut found);
            found.finish().is_err()
        };
        let priced = Entity {
            price: Some("3.20".into()),
            currency: Some("EUR".into()),
            ..Entity::default()
        };
        assert!(!wrong(&priced, ContentType::Product) && wrong(&priced, ContentType::Post));
        let area = Entity {
            area: Some("Porto".into()),
            ..Entity::default()
        };
        assert!(!wrong(&area, ContentType::Service) && wrong(&area, ContentType::Product));
        let alone = Entity {
            currency: None,
            ..priced.clone()
        };
        assert!(wrong(&alone, ContentType::Product), "a price without currency");
        let odd = Entity {
            currency: Some("EURO".into()),
            ..priced
        };
        assert!(wrong(&odd, ContentType::Product));
        assert!(!wrong(&Entity::default(), ContentType::Post));
    }
}
