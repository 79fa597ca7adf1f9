//! Words and phrases that tie sentences together, by what they do.

/// Lists separated by commas, and pairs with other words between.
pub(super) struct Source {
    pub lists: &'static [&'static str],
    pub pairs: &'static [[&'static str; 2]],
}

pub(super) const ENGLISH: Source = Source {
    lists: &[
        // One thing more.
        "additionally, another, also, besides, furthermore, moreover, further, in addition, as well, not only,
        not to mention, what's more, together with, nor, even more, first and foremost, coupled with, equally, and then",
        // Against it.
        "although, though, albeit, but, however, nevertheless, nonetheless, notwithstanding, conversely, whereas,
        unlike, despite, instead, rather, otherwise, still, regardless, anyway, in spite of, even if,
        even though, even so, even when, by contrast, in contrast, on the contrary, on the other hand, on the one hand,
        on one hand, as opposed to, then again, rather than, other than, apart from, at least, in any case, in any event,
        in reality, contrarily, while",
        // Why, and to what end.
        "because, since, so, thus, hence, therefore, consequently, accordingly, as a result, as a consequence,
        because of, due to, owing to, according to, on account of, in order to, in order that, so that, so as to, for this reason,
        for that reason, for this purpose, to this end, to that end, in view of, in light of, given that, now that,
        seeing that, with this in mind, inasmuch as, as such",
        // On which condition.
        "if, unless, lest, whether, in case, in that case, in this case, as long as, so long as, provided that,
        on condition that, in the event that, only if, as if, as though",
        // In which order.
        "firstly, secondly, thirdly, fourthly, then, finally, lastly, eventually, initially, before,
        previously, formerly, earlier, later, afterward, afterwards, subsequently, meanwhile, simultaneously, until, till, when,
        whenever, soon, shortly, presently, during, following, thereafter, occasionally, suddenly,
        last, to begin with, first of all, in the first place, at first, at last, at the same time, at the moment, after that,
        as soon as, by the time, for the time being, from time to time, in the end, in the long run, in the meantime,
        in time, sooner or later, so far, this time, until now, up to now, prior to, all of a sudden",
        // Like it.
        "likewise, similarly, comparatively, correspondingly, than, in the same way, in the same fashion, in like manner,
        by comparison, in comparison, compared to, compared with, similar to, different from, as much as, by the same token, in line with,
        in accordance with",
        // What is meant, and an instance of it.
        "namely, including, specifically, particularly, especially, notably, explicitly, i.e, e.g, for example, for instance, such as,
        in particular, in other words, that is, that is to say, in detail, in this way, in fact, as a matter of fact,
        to illustrate, to clarify, to explain, to demonstrate, to emphasize, to point out, to put it differently,
        as an illustration, in truth",
        // How sure it is.
        "indeed, certainly, surely, actually, obviously, evidently, undoubtedly, undeniably, unquestionably, luckily, significantly, surprisingly,
        naturally, no doubt, of course, to be sure, without doubt, without a doubt, by all means, as far as",
        // All of it.
        "overall, altogether, generally, basically, chiefly, mostly, mainly, in general, in short, in brief, in sum, in summary, in conclusion,
        in essence, to sum up, to summarize, to conclude, to repeat, all in all, after all, above all, on the whole, on balance,
        by and large, for the most part, as a rule, in a word, most important, with regard to, with respect to, by the way,
        incidentally",
    ],
    pairs: &[
        ["both", "and"],
        ["either", "or"],
        ["neither", "nor"],
        ["whether", "or"],
    ],
};

pub(super) const GERMAN: Source = Source {
    lists: &[
        // Eines mehr.
        "außerdem, zudem, überdies, ferner, ebenfalls, ebenso, gleichfalls, zusätzlich, weiterhin, darüber hinaus, sowie, auch,
        des weiteren, im übrigen, nicht zuletzt, unter anderem, u.a",
        // Dagegen.
        "aber, jedoch, allerdings, dennoch, trotzdem, gleichwohl, hingegen, dagegen, doch, obwohl, obgleich, wenngleich, obschon,
        während, wohingegen, sondern, stattdessen, anstatt, statt, trotz, ungeachtet, andererseits, einerseits, umgekehrt,
        immerhin, ansonsten, sonst, zwar, vielmehr, jedenfalls, dabei, im gegensatz, im gegenteil, im unterschied,
        auf der anderen seite, auf der einen seite, zum einen, zum anderen, nichtsdestotrotz, abgesehen davon, davon abgesehen,
        indes, indessen, freilich",
        // Warum und wozu.
        "weil, denn, daher, deshalb, deswegen, darum, demnach, demzufolge, folglich, somit, infolgedessen, infolge, dadurch,
        damit, dementsprechend, entsprechend, aufgrund, wegen, dank, also, da, zumal, sodass, so dass, indem, dafür, hierfür,
        hierdurch, aus diesem grund, aus diesen gründen, auf diese weise, von daher, zur folge, mithin, insofern",
        // Unter welcher Bedingung.
        "wenn, falls, sofern, solange, vorausgesetzt, angenommen, ob, als ob, je nachdem, in diesem fall, unter diesen umständen",
        // In welcher Folge.
        "zuerst, zunächst, erstens, zweitens, drittens, dann, danach, anschließend, schließlich, letztlich, letztendlich, endlich,
        zuletzt, später, vorher, zuvor, bevor, nachdem, seitdem, seit, seither, sobald, bis, bereits, inzwischen, mittlerweile,
        gleichzeitig, unterdessen, währenddessen, daraufhin, nun, anfangs, damals, ehe, zum schluss, zum ersten,
        im anschluss, im folgenden, zu guter letzt, zur gleichen zeit",
        // Ähnlich.
        "ähnlich, genauso, gleichermaßen, desto, umso, im vergleich, zum vergleich, in gleicher weise, wie auch",
        // Was gemeint ist, und ein Fall davon.
        "nämlich, beispielsweise, insbesondere, besonders, etwa, das heißt, d.h, beziehungsweise, bzw, zum beispiel, z.b, vor allem,
        mit anderen worten, in der tat, hauptsächlich, in erster linie, genauer gesagt",
        // Wie sicher.
        "natürlich, sicherlich, gewiss, selbstverständlich, tatsächlich, offensichtlich, übrigens, ohne zweifel, ohnehin",
        // Alles zusammen.
        "insgesamt, zusammenfassend, abschließend, kurzum, kurz gesagt, alles in allem, im allgemeinen, in der regel, im grunde,
        im prinzip, im endeffekt, unter dem strich, zum abschluss, schlussendlich, überhaupt",
    ],
    pairs: &[
        ["entweder", "oder"],
        ["weder", "noch"],
        ["sowohl", "auch"],
        ["je", "desto"],
        ["je", "umso"],
    ],
};
