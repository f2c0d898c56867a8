"""What the report says in Spanish."""

from colorear.evaluation.report.language import Language

__all__ = ["SPANISH"]

_NAMES = {
    "mae": "MAE",
    "mse": "MSE",
    "rmse": "RMSE",
    "psnr": "PSNR",
    "ssim": "SSIM",
    "fsim": "FSIMc",
    "uqi": "UQI",
    "vif": "VIF",
    "ciede2000": "CIEDE2000",
    "chroma_psnr": "PSNR del croma",
    "colorfulness": "viveza",
    "colorfulness_gap": "brecha de viveza",
    "frechet": "distancia de Fréchet",
    "kid": "distancia de núcleo",
    "ratio": "MSE / copia gris",
    "parameters": "parámetros",
    "milliseconds": "ms por fotografía",
    "gray": "copia gris",
    "mean-color": "color medio",
    "opposite-hues": "tonos opuestos",
    "skips": "concatenación",
    "depth": "profundidad",
    "interaction": "interacción",
    "best": "mejores",
    "median": "medianas",
    "worst": "peores",
    "standard": "estándar",
    "slides": "de las diapositivas",
    "confirmed": "confirmada",
    "refuted": "refutada",
    "undecided": "sin decidir",
}

_FINDINGS = {
    "one_photograph": "Solo hay una fotografía evaluada con todas las redes: no es posible dar "
    "intervalos ni concluir nada sobre otras fotografías.",
    "few_photographs": "Solo hay {count} fotografías evaluadas con todas las redes: con tan pocas, "
    "los intervalos resultan más estrechos de lo debido.",
    "partial": "Fotografías evaluadas con todas las redes: {count} de las {all} del conjunto.",
    "left_out": "Fotografías excluidas por haberse evaluado solo con algunas redes: {count}.",
    "not_finite": "Fotografías excluidas en {metric} para todas las redes: {count}. Al menos para "
    "una de ellas el valor es infinito o falta, como el PSNR de dos imágenes iguales.",
    "undefined": "Se omiten, porque casi ninguna fotografía tiene un valor para todas las redes: "
    "{metrics}.",
    "few_for_sets": "Las distancias de Fréchet y de núcleo son de solo {count} fotografías: con "
    "menos de {enough} la primera resulta demasiado grande, y solo permite comparar filas de "
    "las mismas fotografías.",
    "fewer_trainings": "Entrenadas menos de {count} veces: {networks}. Los intervalos de una red "
    "entrenada una sola vez hablan solo de otras fotografías; al compararla con otras, les falta "
    "lo que añadiría otro entrenamiento.",
    "no_gray": "Los resultados no incluyen la copia gris: se omiten los cocientes respecto a ella "
    "y no se puede saber si una red supera a no hacer nada. Evalúe también el modelo gray.",
    "best_beyond": "{network} es la mejor en {metrics}, más allá de los intervalos.",
    "best_within": "{network} tiene la mejor media en {metrics}, pero los intervalos no permiten "
    "distinguirla de {others}.",
    "ratio_below": "El MSE de {network} es {ratio} veces el de una copia gris: menor, más allá "
    "del intervalo.",
    "ratio_above": "El MSE de {network} es {ratio} veces el de una copia gris: mayor, más allá "
    "del intervalo.",
    "ratio_within": "El MSE de {network} es {ratio} veces el de una copia gris; el intervalo "
    "contiene el 1.",
    "gray_better": "Mejor que la copia gris en {metrics}.",
    "gray_worse": "Peor que la copia gris en {metrics}.",
    "gray_same": "No se distingue de ella en {metrics}.",
    "skips_better": "La concatenación mejora los resultados en {metrics}.",
    "skips_worse": "La concatenación empeora los resultados en {metrics}.",
    "skips_none": "No se puede afirmar ningún efecto de la concatenación en {metrics}.",
    "skips_mse": "En el MSE, el efecto principal de la concatenación es {effect}; si es negativo, "
    "mejora.",
    "depth_better": "Tener más capas mejora los resultados en {metrics}.",
    "depth_worse": "Tener más capas empeora los resultados en {metrics}.",
    "depth_none": "No se puede afirmar ningún efecto de la profundidad en {metrics}.",
    "depth_mse": "En el MSE, el efecto principal de la profundidad es {effect}; si es negativo, "
    "mejora.",
    "interaction_better": "La concatenación aporta más en la red profunda que en la de menos capas "
    "en {metrics}.",
    "interaction_worse": "La concatenación aporta menos en la red profunda que en la de menos "
    "capas en {metrics}.",
    "interaction_none": "No se puede afirmar ninguna interacción en {metrics}.",
    "interaction_mse": "En el MSE, la interacción es {effect}.",
    "luma_kept": "Con la promesa de luma, el efecto principal de la concatenación en el MSE es "
    "{kept}; sin ella, {raw}: la diferencia es lo que la concatenación aporta a la luminosidad, "
    "que colorear conserva de todos modos.",
    "dull": "Viveza, en porcentaje de la de las fotografías reales: {shares}.",
    "trap": "{network} va por delante en PSNR y {other} en la brecha de viveza, ambas más allá de "
    "los intervalos: un error pequeño no basta para que los colores sean tan vivos como los "
    "reales.",
}

_VERDICTS = {
    "claim_1": "Existen diferencias entre los autoencoders según sus parámetros y capas.",
    "claim_2": "En promedio sobre todas las métricas, el mejor es el concatenado con más capas.",
    "claim_3": "Sin concatenación se pierde información; se recomienda concatenar.",
    "claim_4": "Los autoencoders dan resultados excelentes en las diversas métricas.",
    "1_confirmed": "De {tests} comparaciones de dos redes en una métrica, {found} muestran una "
    "diferencia (Wilcoxon, p < 0,05 tras corregir por Holm sobre todas) y de más de {margin} "
    "desviaciones estándar entre fotografías. La mayor se da en {metric}: {better} supera a "
    "{worse} en {difference}.",
    "1_refuted": "En las {tests} comparaciones de dos redes en una métrica, la diferencia no pasa "
    "de {margin} desviaciones estándar entre fotografías.",
    "1_undecided": "Ninguna de las {tests} comparaciones de dos redes en una métrica muestra una "
    "diferencia (Wilcoxon, p < 0,05 tras corregir por Holm sobre todas) que pase con seguridad de "
    "{margin} desviaciones estándar entre fotografías; pero tampoco quedan todos los intervalos "
    "por debajo.",
    "2_confirmed": "{network} tiene un rango medio de {rank} entre {count} sobre {metrics}, por "
    "delante de la siguiente en {lead} puestos: todo el intervalo queda por encima de 0.",
    "2_refuted": "{network} tiene un rango medio de {rank} entre {count} sobre {metrics}; la mejor "
    "de las demás, {other}, la supera en {lead} puestos: todo el intervalo queda por encima de 0.",
    "2_undecided": "{network} tiene un rango medio de {rank} entre {count} sobre {metrics}; su "
    "ventaja sobre la mejor de las demás es de {lead} puestos: el intervalo contiene el 0.",
    "2_stable": "La red con el mejor rango medio sigue siendo la misma aunque se omita cualquiera "
    "de las métricas.",
    "2_unstable": "Otra red pasa a tener el mejor rango medio si se omite alguna de estas "
    "métricas: {metrics}.",
    "3_confirmed": "De {count} métricas, la concatenación ayuda en {helps} más allá de los "
    "intervalos y perjudica en {harms}.",
    "3_refuted": "De {count} métricas, la concatenación ayuda en {helps} más allá de los "
    "intervalos y lo bastante para importar; en {against} perjudica, o cambia, para mejor o para "
    "peor, menos de {margin} desviaciones estándar entre fotografías.",
    "3_undecided": "De {count} métricas, la concatenación ayuda en {helps} más allá de los "
    "intervalos y perjudica en {harms}: ni lo uno ni lo otro es la mayoría.",
    "4_confirmed": "Los cuatro superan a la copia gris, más allá de los intervalos, en más de la "
    "mitad de {count} métricas. Eso es mejor que no hacer nada; estos números no permiten afirmar "
    "más.",
    "4_refuted": "Los cuatro son peores que la copia gris, más allá de los intervalos, en al menos "
    "la mitad de {count} métricas: no hacer nada habría dado mejores resultados.",
    "4_undecided": "Frente a la copia gris los cuatro no coinciden, o los intervalos no permiten "
    "decidir (sobre {count} métricas).",
    "4_network": "{network}: mejor que la copia gris en {better}, peor en {worse}.",
    "no_intervals": "Con una sola fotografía no hay intervalos.",
    "counted": "Se cuentan las siete métricas de las diapositivas que están aquí. MSE, RMSE y PSNR "
    "son formas de un mismo error y pesan por tres.",
}

_QUESTIONS = {
    "q_seeds": "¿Se mantendría el orden con otros valores iniciales al azar? Cada red se entrenó "
    "una sola vez, y los intervalos hablan de otras fotografías, no de otros entrenamientos.",
    "q_equal_seeds": "¿Se mantendría el orden con más entrenamientos? Cada red se entrenó {count} "
    "veces, que son pocas: por eso los intervalos se ensanchan según la t de Student.",
    "q_more_seeds": "¿Se mantendría el orden con más entrenamientos? Cada red se entrenó "
    "de {fewest} a {most} veces, que son pocas: por eso los intervalos se ensanchan "
    "según la t de Student.",
    "q_effect": "¿Tiene la {effect} algún efecto en el MSE? Con esta dispersión harían falta unas "
    "{count} fotografías para distinguir de cero un efecto como el observado; se evaluaron {have}.",
    "q_dull": "¿Cómo podría {network} pasar del {share} % de la viveza real sin aumentar el error?",
    "q_place": "¿Por qué {hard} resulta tanto más difícil que {easy}? La media de {metric} de "
    "{network} es {high} en un caso y {low} en el otro.",
    "q_chroma": "¿Qué ayudaría con las fotografías de colores vivos? Del quinto más gris al más "
    "vivo, la media de {metric} de {network} pasa de {low} a {high}.",
    "q_structure": "En {metrics}, la copia gris supera a todas las redes más allá de los "
    "intervalos. ¿Ven estas métricas el color, o solo si la imagen quedó intacta?",
}

_PAGE = {
    "title": "Comparación de redes que colorean fotografías",
    "about": "{data}; fotografías: {photographs}, de {size} × {size} píxeles; convención "
    "{convention}.",
    "brackets": "Entre paréntesis, intervalos del 95 %: bootstrap de percentiles sobre las "
    "fotografías, {resamples} remuestreos pareados. «Más allá de los intervalos» significa que el "
    "intervalo de la diferencia pareada excluye el 0.",
    "of_photographs": "Hablan de otras fotografías, no de otros entrenamientos.",
    "of_trainings": "Hablan de otras fotografías y de otros entrenamientos: en cada remuestreo de "
    "las fotografías se remuestrean también los entrenamientos de cada red (bootstrap anidado, "
    "ensanchado según la t de Student por ser pocos).",
    "contents": "Contenido",
    "other_scores": "Las demás columnas",
    "trainings_heading": "Varios entrenamientos",
    "trainings_note": "La media de cada entrenamiento y la desviación estándar entre ellos: cuánto "
    "mueve un resultado el solo azar (pesos iniciales, orden de las fotografías).",
    "trainings": "entrenamientos",
    "each_training": "{metric} de cada uno",
    "between_trainings": "desviación estándar",
    "slides_convention": "Estos son los números que imprimen las bibliotecas de las diapositivas, "
    "con su rango de datos equivocado; solo sirven para compararlos con la tabla publicada.",
    "conclusions": "Conclusiones",
    "best_heading": "Qué red es la mejor",
    "gray_heading": "Frente a no hacer nada (más allá de los intervalos)",
    "effects_heading": "Concatenación y profundidad (más allá de los intervalos)",
    "colorfulness_heading": "Viveza de los colores",
    "verdicts": "Las cuatro conclusiones de las diapositivas",
    "on_design": "Se juzgan con {names}.",
    "no_design": "No están los cuatro autoencoders entre los resultados, así que se omiten las "
    "conclusiones de las diapositivas y los efectos de la concatenación y de la profundidad.",
    "questions": "Preguntas abiertas",
    "table": "La tabla",
    "table_note": "Medias sobre las fotografías. ↓ mejor cuanto menor, ↑ mejor cuanto mayor. En "
    "negrita, la mejor red; ≈: no se distingue de ella. Las últimas filas no son redes: dos "
    "maneras de no hacer nada, y la fotografía real con los tonos girados media vuelta, que una "
    "métrica que ve el color debe encontrar mala. Las "
    "distancias de Fréchet y de núcleo son de conjuntos enteros, sobre características de "
    "EfficientNet-Lite0, y no tienen intervalo.",
    "published": "Junto a la tabla de las diapositivas",
    "published_note": "Lo publicado y lo corregido: RMSE por 4095, PSNR menos 72,245 dB, porque se "
    "tomó 4095 por blanco cuando el blanco era 1. Sus FSIM, UQI, SSIM y VIF no se pueden corregir "
    "y no significan lo mismo que los nuestros. Sus fotografías eran otras, de la misma clase; "
    "las redes tienen las mismas capas, aunque pueden haberse entrenado de otro modo.",
    "network": "red",
    "metric": "métrica",
    "as_published": "publicado",
    "as_corrected": "corregido",
    "ours": "aquí",
    "effects": "El efecto de la concatenación y de la profundidad",
    "effects_note": "Efecto principal de la concatenación: media sobre la profundidad de "
    "(skip − plain). De la profundidad: media sobre la concatenación de (deep − shallow). "
    "Interacción: (skip-deep − plain-deep) − (skip-shallow − plain-shallow). En la unidad de la "
    "métrica; en negrita, más allá del intervalo: ✓ mejora, ✗ empeora.",
    "tests": "Pruebas entre todos los pares",
    "tests_note": "Pruebas de rangos con signo de Wilcoxon sobre las mismas fotografías; p tras "
    "corregir por Holm sobre los pares de una métrica. El nombre es el de la mejor red cuando "
    "p < 0,05.",
    "pair": "par",
    "tests_summary": "{pairs} pares en {metrics} métricas",
    "ranks": "Rango medio",
    "ranks_note": "1 es el mejor. Las demás columnas omiten una métrica cada una.",
    "all_metrics": "todas las métricas",
    "without": "sin {metric}",
    "original": "original",
    "pictures": "Las mismas fotografías con cada red",
    "pictures_caption": "Las que muestran las diapositivas. De izquierda a derecha: {columns}.",
    "fails": "Dónde falla cada red",
    "fails_note": "Según {metric}, las fotografías con las mejores, medianas y peores "
    "puntuaciones; entre paréntesis, la puntuación.",
    "strips": "Gris, coloreada, real. Debajo: {metric} de la red y de la copia gris.",
    "training": "Entrenamiento",
    "method": "Cómo se hizo",
    "made_by": "Resultados del {date}: {command}, con {versions}.",
    "page_made": "Todas las frases y cifras de esta página se generaron a partir de los "
    "resultados.",
    "definition": "definición y dónde se calcula",
}

_FIGURES = {
    "metrics_caption": "Medias e intervalos del 95 %. Líneas: copia gris (a trazos), color medio "
    "(de puntos), tonos opuestos (punto y raya).",
    "effects_caption": "Efectos en desviaciones estándar entre fotografías, con intervalos del "
    "95 %. El eje es logarítmico más allá de ±0,1.",
    "ratio_caption": "El error frente a no hacer nada, con intervalos del 95 %.",
    "chroma_caption": "El error según lo colorida que es en realidad la fotografía: cinco grupos "
    "de igual tamaño, intervalos del 95 %.",
    "places_caption": "El error según la clase de lugar, intervalos del 95 %; entre paréntesis, "
    "las fotografías.",
    "dullness_caption": "La trampa de los colores apagados: la media de cada red; los puntos "
    "tenues son fotografías. Abajo a la derecha es bueno; arriba a la derecha, un error pequeño "
    "con colores apagados o falsos.",
    "training_caption": "Pérdida de entrenamiento (línea fina) y de validación (gruesa); debajo, "
    "el MSE en las fotografías de validación entre el de una copia gris, y la exactitud como la "
    "cuenta Keras: la parte de los píxeles cuyo mayor canal es el verdadero. Las pérdidas de "
    "recetas distintas pueden ser medidas distintas.",
    "effect_axis": "peor ←  efecto  → mejor",
    "ratio_axis": "MSE / MSE de la copia gris   ← mejor",
    "chroma_axis": "croma medio de la fotografía real (CIELAB)",
    "psnr_axis": "PSNR en dB   mejor →",
    "gap_axis": "brecha de viveza   ← mejor",
    "epoch": "época",
    "loss": "pérdida",
    "accuracy": "exactitud",
}

_DEFINITIONS = {
    "mae": "error absoluto medio sobre píxeles y canales; sRGB",
    "mse": "error cuadrático medio sobre píxeles y canales; sRGB",
    "rmse": "raíz del error cuadrático medio de cada fotografía; sRGB",
    "psnr": "10 log10(1 / MSE) de cada fotografía, con pico 1; sRGB",
    "ssim": "similitud estructural, ventana gaussiana de 11, sigma 1,5, sin submuestreo (Wang et "
    "al. 2004); sRGB, media de R, G y B",
    "fsim": "similitud de congruencia de fase, gradiente y croma (Zhang et al. 2011); YIQ de sRGB",
    "uqi": "índice universal de calidad, ventanas de 8 x 8 (Wang y Bovik 2002); sRGB, media de R, "
    "G y B",
    "vif": "fidelidad de la información visual en los píxeles (Sheikh y Bovik 2006); sRGB en "
    "0..255, media de R, G y B",
    "ciede2000": "diferencia media de color sobre los píxeles (Sharma et al. 2005); CIELAB, D65",
    "chroma_psnr": "10 log10(255^2 / MSE de a* y b*) de cada fotografía; a*b* de CIELAB, D65",
    "colorfulness": "dispersión y media de R - G y de (R + G) / 2 - B (Hasler y Süsstrunk 2003, "
    "M3); colores oponentes de sRGB",
    "colorfulness_gap": "diferencia absoluta entre su viveza y la de la original; colores "
    "oponentes de sRGB",
    "frechet": "distancia entre gaussianas ajustadas a dos conjuntos; no es FID, cuya red es otra "
    "(Dowson y Landau 1982); características de EfficientNet-Lite0",
    "kid": "MMD al cuadrado sin sesgo, núcleo cúbico; no es la red de KID (Binkowski et al. "
    "2018); características de EfficientNet-Lite0",
}

SPANISH = Language(
    code="es",
    name="Español",
    point=",",
    group="\N{NARROW NO-BREAK SPACE}",
    conjunction="y",
    interval="de {low} a {high}",
    names=_NAMES,
    definitions=_DEFINITIONS,
    phrases=_FINDINGS | _VERDICTS | _QUESTIONS | _PAGE | _FIGURES,
)
